"""Faults of redirects: to nowhere, to a page that was seen, and off the site."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.types import Scope

from scrapers.replica.faults.fault import PAGES, Exchange, Fault, Proceed
from scrapers.replica.faults.replies import Answer, Reply
from scrapers.replica.sketchfab.asked import HOP, query_of, url_of, with_query

__all__ = ["FAULTS", "next_station"]

_PRIVATE: Final = (
    "http://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://2130706433:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
)
"""Ways to write this machine's own address."""


def _redirect(url: str) -> Answer:
    return Answer(HTTPStatus.FOUND, ((b"location", url.encode("latin-1")),))


def next_station(scope: Scope) -> Reply | None:
    """Where a station of a loop leads; None for a request of any other page."""
    station = query_of(scope).get(HOP)
    if station is None:
        return None
    return _redirect(url_of(with_query(scope, **{HOP: "2" if station == "1" else "1"})))


async def _loop(exchange: Exchange, _proceed: Proceed) -> Reply:
    return _redirect(url_of(with_query(exchange.scope, **{HOP: "1"})))


async def _to_seen(exchange: Exchange, _proceed: Proceed) -> Reply:
    """To the last page of the same kind that was answered, else to robots.txt."""
    root = url_of({**exchange.scope, "raw_path": b"", "query_string": b""})
    return _redirect(root + exchange.run.seen.get(exchange.asked.kind, "/robots.txt"))


async def _to_private(exchange: Exchange, _proceed: Proceed) -> Reply:
    """To a port of this machine where a forged page waits for whoever follows."""
    form = _PRIVATE[int(exchange.chance("form") * len(_PRIVATE))]
    path = url_of(exchange.scope).split("/", 3)[3]
    return _redirect(f"{form.format(port=exchange.run.trap_port)}/{path}")


FAULTS: Final = (
    Fault("redirect-loop", "302 into a loop of two stations", _loop, PAGES, plays=2),
    Fault(
        "redirect-to-seen", "302 to another page that was served before", _to_seen, PAGES, plays=2
    ),
    Fault(
        "redirect-to-private",
        "302 to another port of this machine, where forged likes wait",
        _to_private,
        PAGES,
        plays=2,
    ),
)
