"""Turning requests away before any work, once those that wait would wait too long.

Handlers here never await, so requests in progress say nothing: what grows under load is the queue
of requests that were read from their sockets and wait for the loop.  The gate knows how many wait
and how long each takes to go; a request that would wait longer than the budget is answered 503 at
once, in the protocol, for a fifth of what an answer costs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["EXEMPT_PATHS", "OVERLOADED", "REFUSAL", "Gate", "is_plain_get", "refused"]

EXEMPT_PATHS: Final = (b"/health/", b"/metrics")
_EXEMPT_GETS: Final = tuple(b"GET " + path for path in EXEMPT_PATHS)
OVERLOADED: Final = {
    "type": "/docs#overloaded",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "More is asked than can be answered in time: ask again after Retry-After seconds.",
}
_BODY: Final = orjson.dumps(OVERLOADED)
_HEADERS: Final = (
    (b"content-type", b"application/problem+json"),
    (b"content-length", b"%d" % len(_BODY)),
    (b"cache-control", b"no-store"),
    (b"retry-after", b"1"),
    (b"x-content-type-options", b"nosniff"),
)
REFUSAL: Final = b"\r\n".join(
    (
        b"HTTP/1.1 503 Service Unavailable",
        *(b"%s: %s" % header for header in _HEADERS),
        b"",
        _BODY,
    )
)
_SLOWEST_SHARE: Final = 1 / 16
_SMOOTHING: Final = 1 / 32
_LONGEST_PLAIN: Final = 4096
_NOT_PLAIN: Final = re.compile(
    rb"(?i)\n[ \t]*(?:content-length|transfer-encoding|expect|upgrade|origin|connection:.*close)"
)


class Gate:
    """Whether one more request can be answered in time.

    Parameters
    ----------
    budget_s : longest wait of a request before its handler starts; 0 lets everything in.
    most_open : requests that may be under way at once, those that wait for a body among them.
    on_shed : told of each request that was turned away.
    """

    __slots__ = ("_budget_s", "_last_s", "_most_open", "_on_shed", "_open", "service_s", "waiting")

    def __init__(
        self, budget_s: float, *, most_open: int = 1024, on_shed: Callable[[], None] | None = None
    ) -> None:
        self.waiting = 0
        self.service_s = 0.0
        self._budget_s = budget_s
        self._most_open = most_open
        self._on_shed = on_shed
        self._open = 0
        self._last_s: float | None = None

    def is_full(self) -> bool:
        """Whether a request that came now would wait too long."""
        if not self._budget_s:
            return False
        return self.waiting * self.service_s > self._budget_s or self._open >= self._most_open

    def shed(self) -> None:
        """Count a request that was turned away."""
        if self._on_shed:
            self._on_shed()

    def started(self) -> None:
        """Take a request out of the queue, and learn from its forerunner how long one takes.

        Only while others wait: else the time between two is the clients' doing.  No sample weighs
        more than a sixteenth of the budget, so that at least sixteen are always let in.
        """
        now_s = time.perf_counter()
        if self._last_s is not None:
            took_s = min(now_s - self._last_s, self._budget_s * _SLOWEST_SHARE)
            self.service_s += (took_s - self.service_s) * _SMOOTHING
        self.waiting -= 1
        self._last_s = now_s if self.waiting else None

    def guarding(self, app: ASGIApp) -> ASGIApp:
        """App that takes its requests out of the queue; only for those that were put into it."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            self.started()
            self._open += 1
            try:
                await app(scope, receive, send)
            finally:
                self._open -= 1

        return counted


async def refused(_: Scope, __: Receive, send: Send) -> None:
    """Answer 503; the app of a request that is turned away once its head was parsed."""
    await send({"type": "http.response.start", "status": 503, "headers": list(_HEADERS)})
    await send({"type": "http.response.body", "body": _BODY})


def is_plain_get(data: bytes) -> bool:
    """Whether some bytes are one whole GET, no more, that may be answered without being parsed.

    Nothing that has a body, closes its connection, is exempt from shedding or needs CORS.
    """
    return (
        len(data) <= _LONGEST_PLAIN
        and data.startswith(b"GET /")
        and not data.startswith(_EXEMPT_GETS)
        and data.find(b"\r\n\r\n") == len(data) - 4
        and b" HTTP/1.1\r\n" in data
        and not _NOT_PLAIN.search(data)
    )
