"""Faults of robots.txt: one that cannot be had at first, and one that changes its mind."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from scrapers.replica.faults.fault import Exchange, Fault, Proceed, Strikes
from scrapers.replica.faults.replies import Answer, Reply, as_answer, error_page
from scrapers.replica.sketchfab.asked import Kind

__all__ = ["FAULTS"]

_FAILURES: Final = 2
_EARLIEST_TURN, _LATEST_TURN = 8, 30  # requests
_MAX_AGE_S: Final = 1
_TEXT: Final = ((b"content-type", b"text/plain; charset=utf-8"),)


async def _fail_at_first(exchange: Exchange, _proceed: Proceed) -> Reply | None:
    if exchange.play >= _FAILURES:
        return None
    return error_page(HTTPStatus.SERVICE_UNAVAILABLE, "Service unavailable")


async def _turn_to_disallow(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """Well until the turn, but labelled from the beginning as good for a second only."""
    run, label = exchange.run, f"max-age={_MAX_AGE_S}"
    if run.requests > run.turn(exchange.fault, _EARLIEST_TURN, _LATEST_TURN):
        disallow = Answer(HTTPStatus.OK, _TEXT, b"User-agent: *\nDisallow: /\n")
        return disallow.with_headers(cache_control=label)
    exchange.counts = False
    answer = as_answer(await proceed())
    return None if answer is None else answer.with_headers(cache_control=label)


_ROBOTS: Final = frozenset({Kind.ROBOTS})

FAULTS: Final = (
    Fault(
        "robots-503",
        "robots.txt is 503 the first two times",
        _fail_at_first,
        _ROBOTS,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "robots-turns-disallow",
        "robots.txt, good for a second by Cache-Control, disallows all after 8 to 30 requests",
        _turn_to_disallow,
        _ROBOTS,
        strikes=Strikes.EVERYTHING,
    ),
)
