"""Faults of the body: status 200, and something else than the JSON that is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from scrapers.replica.faults.bombs import HUGE_BYTES, gzip_bomb, huge_body
from scrapers.replica.faults.fault import Act, Exchange, Fault, Proceed
from scrapers.replica.faults.replies import (
    Answer,
    Reply,
    Streamed,
    as_answer,
    error_page,
    rewritten,
)
from scrapers.replica.sketchfab.asked import JSON_KINDS, Kind

__all__ = ["FAULTS"]

_DEPTH: Final = 100_000
_NUMBER: Final = "a number that no writer of JSON would write"
_BEYOND_INT64: Final = b"9" * 400
_BEYOND_PYTHON: Final = b"7" * 5_000
"""More digits than `int` reads from a text, unless it is told to."""


def _changing(change: Callable[[Answer, Exchange], Reply]) -> Act:
    """Act on a good answer; any other stays as it is."""

    async def act(exchange: Exchange, proceed: Proceed) -> Reply | None:
        answer = as_answer(await proceed())
        return None if answer is None else change(answer, exchange)

    return act


def _cut(answer: Answer, exchange: Exchange) -> Reply:
    kept = int(len(answer.body) * (0.1 + 0.8 * exchange.chance("cut")))
    return replace(answer, body=answer.body[:kept])


def _html(_answer: Answer, _exchange: Exchange) -> Reply:
    return error_page(HTTPStatus.OK, "Checking your browser")


def _labelled_latin_1(answer: Answer, _exchange: Exchange) -> Reply:
    return answer.with_headers(content_type="application/json; charset=iso-8859-1")


def _with_bom(answer: Answer, _exchange: Exchange) -> Reply:
    return replace(answer, body=b"\xef\xbb\xbf" + answer.body)


def _deep(answer: Answer, _exchange: Exchange) -> Reply:
    nest = b"[" * _DEPTH + b"]" * _DEPTH
    return replace(answer, body=b'{"debug":%b,%b' % (nest, answer.body[1:]))


def _bomb(answer: Answer, _exchange: Exchange) -> Reply:
    return replace(answer, body=gzip_bomb(answer.body)).with_headers(content_encoding="gzip")


def _huge(answer: Answer, exchange: Exchange) -> Reply:
    size = HUGE_BYTES + len(answer.body) if exchange.chance("announced") < 1 / 2 else None
    return Streamed(huge_body(answer.body), answer.headers, size)


def _empty(_answer: Answer, _exchange: Exchange) -> Reply:
    return Answer()


def _with_odd_numbers(answer: Answer, exchange: Exchange) -> Reply:
    """NaN where a browser does not read it, and whole numbers of 400 and of 5,000 digits."""
    in_browser = exchange.asked.kind is Kind.GRID
    odd = rewritten(answer, lambda page: _oddly_numbered(page, in_browser=in_browser))
    changed = as_answer(odd)
    if changed is None:
        return odd
    body = changed.body.replace(f'"{_NUMBER} 400"'.encode(), _BEYOND_INT64)
    return replace(changed, body=body.replace(f'"{_NUMBER} 5000"'.encode(), _BEYOND_PYTHON))


def _oddly_numbered(page: dict[str, Any], *, in_browser: bool) -> dict[str, Any]:
    rows = page.get("results", [page])
    for row in rows[::3]:
        row["score"] = f"{_NUMBER} 5000"
        if not in_browser:
            row["rank"] = float("nan")
            row["weight"] = float("-inf")
        if "viewCount" in row:
            row["viewCount"] = f"{_NUMBER} 400"
    for row in rows[:1]:
        if "likedAt" in row:
            row["likedAt"] = float("nan")
    return {**page, "took": f"{_NUMBER} 400"}


FAULTS: Final = (
    Fault("cut-json", "JSON that ends in the middle", _changing(_cut), JSON_KINDS, plays=2),
    Fault(
        "html-for-json", "a page in HTML where JSON is due", _changing(_html), JSON_KINDS, plays=2
    ),
    Fault(
        "wrong-charset",
        "UTF-8 that is labelled iso-8859-1, every time",
        _changing(_labelled_latin_1),
        JSON_KINDS,
    ),
    Fault("bom", "a byte order mark before the JSON, every time", _changing(_with_bom), JSON_KINDS),
    Fault(
        "nan-and-huge-integers",
        "NaN, -Infinity and numbers of 400 and 5,000 digits in side fields, every time",
        _changing(_with_odd_numbers),
        JSON_KINDS,
    ),
    Fault(
        "depth-100000",
        "the page with 100,000 arrays in one another besides",
        _changing(_deep),
        JSON_KINDS,
        plays=2,
    ),
    Fault(
        "gzip-bomb", "1 MB of gzip that unpacks to 1 GiB, every time", _changing(_bomb), JSON_KINDS
    ),
    Fault("page-500-mb", "a body of 500 MB, every time", _changing(_huge), JSON_KINDS),
    Fault("empty-200", "status 200 and no body", _changing(_empty), JSON_KINDS, plays=2),
)
