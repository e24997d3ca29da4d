"""What a polite crawler never does, counted as the stand-in sees it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Manners", "ObservedApp", "RobotsSaid"]

_GRACE_S: Final = 0.25
"""After an answer that asks for a stop: requests that were under way, and ones being sent."""
_EARLY_S: Final = 0.02
"""Before the end of a pause: two clocks may differ by as much."""
_WINDOW_S: Final = 1.0


class RobotsSaid(Enum):
    """What the last robots.txt that was served means for a crawler (RFC 9309)."""

    NOTHING = "nothing"
    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    FAILING = "failing"


class Manners:
    """Requests, and those among them that were made against the site's word.

    Parameters
    ----------
    now : seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._pauses: list[tuple[float, float]] = []
        self._robots = RobotsSaid.NOTHING
        self._robots_from = self._robots_stale_from = math.inf
        self._recent: deque[float] = deque()
        self._under_way = 0
        self._counts = dict.fromkeys(_COUNTS, 0)

    def arrive(self, path: str) -> None:
        """A request came in."""
        now = self.now()
        counts, recent = self._counts, self._recent
        counts["requests"] += 1
        self._under_way += 1
        counts["highest_concurrency"] = max(counts["highest_concurrency"], self._under_way)
        recent.append(now)
        while recent[0] <= now - _WINDOW_S:
            recent.popleft()
        counts["highest_rate"] = max(counts["highest_rate"], len(recent))
        if self._pauses:
            counts["inside_retry_after"] += self.pause_left_s() > 0
        if path != "/robots.txt":
            self._judge_by_robots(now)

    def leave(self) -> None:
        """A request was answered, or broke off."""
        self._under_way -= 1

    def hold(self, until: float) -> None:
        """The site just asked to be left alone until an instant (seconds since the epoch)."""
        now = self.now()
        self._pauses = [pause for pause in self._pauses if pause[1] > now]
        self._pauses.append((now + _GRACE_S, until))

    def pause_left_s(self) -> float:
        """Seconds of a pause that a crawler must know of by now; 0 outside of one."""
        now = self.now()
        inside = [until for since, until in self._pauses if since < now < until - _EARLY_S]
        return max(inside) - now if inside else 0.0

    def robots_said(self, said: RobotsSaid, max_age_s: float = math.inf) -> None:
        """A robots.txt was served."""
        if said is not self._robots:
            self._robots_from = self.now() + _GRACE_S
        self._robots = said
        self._robots_stale_from = self.now() + max_age_s + _GRACE_S

    def left_site(self) -> None:
        """A redirect to another host was followed."""
        self._counts["off_site"] += 1

    def to_json(self) -> dict[str, int]:
        """Every figure by name."""
        return dict(self._counts)

    def _judge_by_robots(self, now: float) -> None:
        counts, said = self._counts, self._robots
        counts["before_robots"] += said is RobotsSaid.NOTHING
        counts["on_stale_robots"] += now > self._robots_stale_from
        if now > self._robots_from:
            counts["after_disallow"] += said is RobotsSaid.DISALLOWED
            counts["after_failing_robots"] += said is RobotsSaid.FAILING


_COUNTS: Final = (
    "requests",
    "highest_concurrency",
    "highest_rate",
    "inside_retry_after",
    "before_robots",
    "on_stale_robots",
    "after_disallow",
    "after_failing_robots",
    "off_site",
)


class ObservedApp:
    """ASGI app whose requests are counted, and whose answers may take a while.

    Parameters
    ----------
    latency_s : how long each answer takes at least; without it an answer is ready before the
        next request is seen, so that no concurrency shows.
    """

    def __init__(self, app: ASGIApp, manners: Manners, latency_s: float = 0.0) -> None:
        self._app = app
        self._manners = manners
        self._latency_s = latency_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped app does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._manners.arrive(scope["path"])
        try:
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            await self._app(scope, receive, send)
        finally:
            self._manners.leave()
