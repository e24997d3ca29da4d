"""How much may be spent on a choice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

__all__ = ["Budget", "Purse"]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent on a choice; None is no limit.

    Attributes
    ----------
    seconds : for the trials and, where ``pays_lists`` is set, the final fits after them and
        everybody's lists.
    trials : fits of each model.
    clock : seconds that rise; another one in tests.
    """

    seconds: float | None = 600.0
    trials: int | None = None
    pays_lists: bool = True
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class Purse:
    """What is left of a budget from the moment that it was opened.

    Attributes
    ----------
    reserved_s : seconds that are not to be spent on trials.
    """

    budget: Budget
    reserved_s: float = 0.0
    opened_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.opened_at = self.budget.clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was opened."""
        return self.budget.clock() - self.opened_at

    def affords(self, cost_s: float) -> bool:
        """Whether so much can be spent and the reserve kept."""
        seconds = self.budget.seconds
        return seconds is None or self.elapsed_s + cost_s + self.reserved_s <= seconds

    @property
    def rest(self) -> Budget:
        """What is left as a budget of its own."""
        seconds = None if self.budget.seconds is None else max(self.left_s, 0.0)
        return replace(self.budget, seconds=seconds)

    @property
    def left_s(self) -> float:
        """Seconds that can be spent with the reserve kept; infinite without a limit."""
        seconds = self.budget.seconds
        return float("inf") if seconds is None else seconds - self.elapsed_s - self.reserved_s
