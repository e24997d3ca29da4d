"""What a crawl has done so far, in figures."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from scrapers.records import LandedUnit, UnitState

__all__ = ["Tally"]

_NAMED: Final = 20

_log = logging.getLogger(__name__)


class Tally:
    """Units that this process has ended, rows that it has landed, and counts by reason.

    ``total`` is how many units the crawl has, None while nobody knows, and ``ended_before`` how
    many of them had ended when this process began.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self.ended_before = 0
        self.landed = 0
        self.states: Counter[UnitState] = Counter()
        self.counts: Counter[str] = Counter()
        self._named = 0

    @property
    def ended(self) -> int:
        """Units that came to an end, good or bad."""
        return self.states.total()

    def end(self, unit: LandedUnit) -> None:
        """A unit has ended."""
        self.states[unit.state] += 1
        if unit.state is not UnitState.DONE:
            self.counts[f"{unit.state}: {_kind_of(unit.why)}"] += 1
            self._name(unit.state.value, f"{unit.kind} {unit.key}", unit.why or "")

    def summary(self) -> Mapping[str, int]:
        """All counts under the names that a manifest has."""
        states = {f"units_{state}": self.states[state] for state in _ENDS}
        return {"units": self.ended, **states, **{k: n for k, n in self.counts.items() if n}}

    def _name(self, what: str, unit: str, why: str) -> None:
        self._named += 1
        if self._named <= _NAMED:
            _log.warning("%s: %s (%s)", what, unit, why)
        elif self._named == _NAMED + 1:
            _log.warning("further units are counted, not named: python -m scrapers status")


_ENDS: Final = (UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED)


def _kind_of(why: str | None) -> str:
    """What reasons have in common whose figures differ: ``44 of 200 likes: the list ends``."""
    return (why or "").rpartition(": ")[2]
