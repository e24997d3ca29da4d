"""Wrong tokens are counted, and after a few of them nobody gets in for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["Lockout"]

_FAILURES: Final = 5
_WINDOW_S: Final = 300.0
_LOCKED_S: Final = 300.0


class Lockout:
    """Lock of one process: five failures within five minutes close it for five minutes.

    While it is closed a right token does not open it either, so that guessing tells nothing.

    Parameters
    ----------
    clock : seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed_at: list[float] = []
        self._until = float("-inf")

    def closed_s(self) -> float:
        """Seconds for which it stays closed; 0 where it is open."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """Count a wrong token."""
        now = self._clock()
        self._failed_at = [at for at in self._failed_at if at > now - _WINDOW_S] + [now]
        if len(self._failed_at) >= _FAILURES:
            self._until = now + _LOCKED_S
            self._failed_at = []

    def passed(self) -> None:
        """Forget the wrong tokens before a right one."""
        self._failed_at = []
