"""What a crawl has done so far, and how that makes it end."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from scrapers.records import RunStatus

__all__ = ["FINISHED", "Tally"]

FINISHED: Final = "finished"
_NAMED: Final = 20

_log = logging.getLogger(__name__)


class Tally:
    """Units of work (a page of the catalogue, the likes of an item or a user) and counts.

    ``total`` is how many units there are, None while nobody knows.  ``settle`` is called once
    a crawl has come to its own end, for what can be counted only then.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self.opened = 0
        self.done = 0
        self.landed = 0
        self.counts: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.settle: Callable[[], None] | None = None
        self._named = 0

    @property
    def ended(self) -> int:
        """Units that came to an end, good or bad."""
        return self.done + self.failures.total()

    def open(self) -> None:
        """A unit is begun."""
        self.opened += 1

    def finish(self) -> None:
        """A unit was read to its end."""
        self.done += 1

    def fail(self, reason: str, unit: str) -> None:
        """A unit, whose name says nothing of a person, could not be read to its end."""
        self.failures[reason] += 1
        self._name("given up", unit, reason)

    def short(self, unit: str, read: int, announced: int) -> None:
        """A list held less than was announced."""
        self.counts["short_lists"] += 1
        self._name("short", unit, f"{read} of {announced} likes")

    def status(self, reason: str) -> RunStatus:
        """How the crawl ended, by Scrapy's reason and by what was counted; asked for once."""
        if reason == FINISHED and self.settle is not None:
            self.settle()
        if self.landed == 0:
            return RunStatus.FAILED
        unended = self.opened - self.ended
        faults = self.failures.total() + unended + self.counts["short_lists"]
        return RunStatus.PARTIAL if faults or reason != FINISHED else RunStatus.COMPLETE

    def summary(self) -> Mapping[str, int]:
        """All counts under the names that a manifest has."""
        failed = {f"failed: {reason}": count for reason, count in self.failures.items()}
        units = {
            "units": self.opened,
            "units_done": self.done,
            "units_failed": self.failures.total(),
            "units_unended": self.opened - self.ended,
        }
        return {**units, **failed, **self.counts}

    def _name(self, what: str, unit: str, why: str) -> None:
        self._named += 1
        if self._named <= _NAMED:
            _log.warning("%s: %s (%s)", what, unit, why)
        elif self._named == _NAMED + 1:
            _log.warning("further units that are short or given up are counted, not named")
