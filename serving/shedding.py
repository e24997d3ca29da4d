"""Turning requests away before any work, once those that wait would wait too long.

Handlers here never await, so requests in progress say nothing: what grows under load is the queue
of requests that were read from their sockets.  It is kept here, in the open, and a few of it are
begun in each turn of the loop, so that what comes meanwhile is read, and turned away, at once.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

__all__ = ["EXEMPT_PATHS", "OVERLOADED", "REFUSAL", "Gate", "is_plain_get", "turned_away"]

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
_A_TURN: Final = 8
_PATIENCE: Final = 2
_TICK_S: Final = 0.01
_SMOOTHING: Final = 1 / 16
_LONGEST_PLAIN: Final = 4096
_NOT_PLAIN: Final = re.compile(
    rb"(?i)\n[ \t]*(?:content-length|transfer-encoding|expect|upgrade|origin|connection:.*close)"
)

_Waiting = tuple[float, Callable[[], None], Callable[[], None]]


class Gate:
    """The queue of requests, and whether one more could be answered in time.

    Parameters
    ----------
    budget_s : longest wait of a request; 0 lets everything in.
    on_shed : told of each request that was turned away.
    delay_s : a refusal is held back for so long: clients that ask again at once, whatever
        Retry-After says, would else take the time that answers need.
    """

    __slots__ = (
        "_begun",
        "_budget_s",
        "_delay_s",
        "_is_turning",
        "_marked_s",
        "_on_shed",
        "_queue",
        "_refusals",
        "service_s",
    )

    def __init__(
        self,
        budget_s: float,
        on_shed: Callable[[], None] | None = None,
        *,
        delay_s: float = 0.1,
    ) -> None:
        self.service_s = 0.0
        self._budget_s = budget_s
        self._on_shed = on_shed
        self._delay_s = delay_s
        self._queue: deque[_Waiting] = deque()
        self._refusals: deque[tuple[float, Callable[[], None]]] = deque()
        self._is_turning = False
        self._begun = 0
        self._marked_s = 0.0

    def __len__(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    def is_full(self) -> bool:
        """Whether a request that came now would wait too long."""
        return bool(self._budget_s) and len(self._queue) * self.service_s > self._budget_s

    def shed(self, refuse: Callable[[], None]) -> None:
        """Turn a request away, in a while."""
        self._count()
        loop = asyncio.get_running_loop()
        if not self._refusals:
            loop.call_later(self._delay_s, self._refuse)
        self._refusals.append((loop.time() + self._delay_s, refuse))

    def enter(
        self, begin: Callable[[], None], refuse: Callable[[], None], *, under_way: int
    ) -> None:
        """Begin a request now if little is under way and none waits, else when it is its turn.

        One that has waited twice its budget by then is refused: who asked has given it up.
        """
        if under_way < _A_TURN and not self._queue:
            begin()
            return
        self._queue.append((time.perf_counter(), begin, refuse))
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _count(self) -> None:
        if self._on_shed:
            self._on_shed()

    def _refuse(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        while self._refusals and self._refusals[0][0] <= now_s:
            self._refusals.popleft()[1]()
        if self._refusals:
            loop.call_later(_TICK_S, self._refuse)

    def _turn(self) -> None:
        now_s = time.perf_counter()
        self._learn(now_s)
        loop = asyncio.get_running_loop()
        loop.call_soon(self._mark)
        oldest_s = now_s - _PATIENCE * self._budget_s if self._budget_s else 0.0
        while self._queue and self._begun < _A_TURN:
            came_s, begin, refuse = self._queue.popleft()
            if came_s >= oldest_s:
                self._begun += 1
                begin()
            else:
                self._count()
                refuse()
        self._is_turning = bool(self._queue or self._begun)
        if self._is_turning:
            loop.call_soon(self._turn)

    def _mark(self) -> None:
        """Note when the handlers that were begun come to run: the loop runs them after this."""
        self._marked_s = time.perf_counter()

    def _learn(self, now_s: float) -> None:
        """Learn how long a request takes, from the handlers that ran since the last turn.

        No sample weighs more than a sixteenth of the budget: so many requests are always let in.
        """
        if self._begun:
            took_s = min((now_s - self._marked_s) / self._begun, self._budget_s / 16)
            self.service_s += (took_s - self.service_s) * (_SMOOTHING if self.service_s else 1)
        self._begun = 0


async def turned_away(_: Scope, __: Receive, send: Send) -> None:
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
