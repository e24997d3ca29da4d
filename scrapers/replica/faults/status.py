"""Faults of status: answers that are whole, and say no."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from scrapers.replica.faults.fault import PAGES, Act, Exchange, Fault, Proceed, Strikes
from scrapers.replica.faults.replies import Answer, Reply, error_page, json_error
from scrapers.replica.sketchfab.asked import Kind

__all__ = ["FAULTS"]

_RARELY: Final = 0.05  # a pause stops the whole crawl
_PAUSES_S: Final = ((0.85, 1), (0.97, 2), (1.0, 3))
_EARLIEST_TURN, _LATEST_TURN = 8, 30  # requests


def _throttling(status: HTTPStatus, asks: Callable[[Answer, int, Exchange], Answer]) -> Act:
    """Act that asks for a pause; the whole host answers so until it is over."""

    async def act(exchange: Exchange, _proceed: Proceed) -> Reply:
        drawn = exchange.chance("pause", exchange.play)
        seconds = next(seconds for bound, seconds in _PAUSES_S if drawn < bound)
        return asks(json_error(status, "Request was throttled."), seconds, exchange)

    return act


def _in_seconds(answer: Answer, seconds: int, exchange: Exchange) -> Answer:
    manners = exchange.run.manners
    manners.hold(manners.now() + seconds)
    return answer.with_headers(retry_after=str(seconds))


def _by_date(answer: Answer, seconds: int, exchange: Exchange) -> Answer:
    manners = exchange.run.manners
    until = math.ceil(manners.now()) + min(seconds, 2)
    manners.hold(until)
    return answer.with_headers(retry_after=formatdate(until, usegmt=True))


def _bare(answer: Answer, _seconds: int, _exchange: Exchange) -> Answer:
    return answer


def _failing(status: HTTPStatus, detail: str) -> Act:
    async def act(_exchange: Exchange, _proceed: Proceed) -> Reply:
        return json_error(status, detail)

    return act


async def _forbid_from_now_on(exchange: Exchange, _proceed: Proceed) -> Reply | None:
    """The site has had enough: after some 8 to 30 requests every page is 403."""
    turn = exchange.run.turn(exchange.fault, _EARLIEST_TURN, _LATEST_TURN)
    if exchange.run.requests <= turn:
        return None
    return json_error(HTTPStatus.FORBIDDEN, "Forbidden.")


async def _say_error_with_200(exchange: Exchange, _proceed: Proceed) -> Reply:
    detail = "Something went wrong. Please try again later."
    if exchange.chance("form") < 1 / 2:
        return json_error(HTTPStatus.OK, detail)
    return error_page(HTTPStatus.OK, detail)


_BUSY: Final = HTTPStatus.SERVICE_UNAVAILABLE
_BROKEN: Final = _failing(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error.")
_LISTED: Final = frozenset({Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.MODEL})

FAULTS: Final = (
    Fault(
        "status-429-seconds",
        "429 with Retry-After of 1 to 3 seconds, in which the whole host says 429",
        _throttling(HTTPStatus.TOO_MANY_REQUESTS, _in_seconds),
        PAGES,
        plays=2,
        share=_RARELY,
    ),
    Fault(
        "status-429-date",
        "429 with Retry-After as a date 1 to 3 seconds ahead, until which the host says 429",
        _throttling(HTTPStatus.TOO_MANY_REQUESTS, _by_date),
        PAGES,
        plays=2,
        share=_RARELY,
    ),
    Fault(
        "status-429-bare",
        "429 without Retry-After",
        _throttling(HTTPStatus.TOO_MANY_REQUESTS, _bare),
        PAGES,
        plays=2,
    ),
    Fault(
        "status-503-retry-after",
        "503 with Retry-After of 1 to 3 seconds, in which the whole host refuses",
        _throttling(_BUSY, _in_seconds),
        PAGES,
        plays=2,
        share=_RARELY,
    ),
    Fault("status-500-once", "500 once, then well", _BROKEN, PAGES, plays=1),
    Fault("status-500-forever", "500 every time", _BROKEN, PAGES),
    Fault(
        "status-403-midrun",
        "403 for every page, from the 9th to 31st request on",
        _forbid_from_now_on,
        PAGES,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "status-404-listed",
        "404 every time for items and people that lists still name",
        _failing(HTTPStatus.NOT_FOUND, "Not found."),
        _LISTED,
        strikes=Strikes.LIST,
    ),
    Fault(
        "status-200-error-page",
        "200 with an error in HTML or JSON instead of the page",
        _say_error_with_200,
        PAGES,
        plays=2,
    ),
)
