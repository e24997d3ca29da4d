"""What a request asks the stand-in for: the kind of page, whose list, and from which row on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from scrapers.replica.sketchfab.cursor import BadParameterError, decode_cursor, read_number
from scrapers.replica.sketchfab.rules import GRID_PAGE_SIZE

__all__ = ["HOP", "JSON_KINDS", "Asked", "Kind", "asked_of", "query_of", "url_of", "with_query"]

HOP: Final = "hop"
"""Query parameter of the stations of a loop of redirects; it asks for the same page."""


class Kind(StrEnum):
    """Kinds of pages; the first six are JSON."""

    GRID = "/i/search"
    LISTING = "/v3/models"
    DIRECTORY = "/v3/search"
    ITEM_LIKES = "/i/likes"
    USER_LIKES = "/v3/users/../likes"
    MODEL = "/i/models"
    GRID_PAGE = "/models"
    SCRIPT = "/static/grid.js"
    ROBOTS = "/robots.txt"


JSON_KINDS: Final = frozenset(list(Kind)[:6])


@dataclass(frozen=True, slots=True)
class Asked:
    """A page whatever its url looks like: its list's subject, and the rows that stand before it."""

    kind: Kind
    subject: str = ""
    position: int = 0


def asked_of(scope: Scope) -> Asked | None:
    """What a request asks for; None for pages that no crawler needs, and for bad parameters."""
    path: str = scope["path"]
    for pattern, kind, position in _FORMS:
        match = pattern.fullmatch(path)
        if match is not None:
            query = query_of(scope)
            subject = match["uid"] if "uid" in pattern.groupindex else query.get("model", "")
            try:
                return Asked(kind, subject, position(query))
            except BadParameterError:
                return None
    return None


def query_of(scope: Scope) -> dict[str, str]:
    """Parameters of a request; of one that stands twice, the last."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def with_query(scope: Scope, **parameters: object) -> Scope:
    """The same request with other values of some parameters; None takes one out."""
    query: dict[str, object] = {**query_of(scope), **parameters}
    kept = {name: value for name, value in query.items() if value is not None}
    return {**scope, "query_string": urlencode(kept).encode()}


def url_of(scope: Scope) -> str:
    """Absolute url of a request, as its client would write it."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    host, path = hosts[0].decode("latin-1"), scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")


def _by_page(query: Mapping[str, str]) -> int:
    return (read_number(query, "page", default=1, least=1) - 1) * GRID_PAGE_SIZE


def _by_offset(query: Mapping[str, str]) -> int:
    return read_number(query, "offset", default=0)


def _by_cursor(query: Mapping[str, str]) -> int:
    return decode_cursor(query.get("cursor", ""))


def _at_once(_query: Mapping[str, str]) -> int:
    return 0


_FORMS: Final[tuple[tuple[re.Pattern[str], Kind, Callable[[Mapping[str, str]], int]], ...]] = (
    (re.compile(r"/i/likes"), Kind.ITEM_LIKES, _by_offset),
    (re.compile(r"/v3/users/(?P<uid>.+)/likes", re.DOTALL), Kind.USER_LIKES, _by_cursor),
    (re.compile(r"/(?:i|v3)/models/(?P<uid>.+)", re.DOTALL), Kind.MODEL, _at_once),
    (re.compile(r"/v3/models"), Kind.LISTING, _by_cursor),
    (re.compile(r"/v3/search"), Kind.DIRECTORY, _by_cursor),
    (re.compile(r"/i/search"), Kind.GRID, _by_page),
    (re.compile(r"/models"), Kind.GRID_PAGE, _by_page),
    (re.compile(r"/static/grid\.js"), Kind.SCRIPT, _at_once),
    (re.compile(r"/robots\.txt"), Kind.ROBOTS, _at_once),
)
