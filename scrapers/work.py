"""The flow of units: taken from the ledger, read, and seen to their end whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Protocol

from scrapers.ledger import Ledger
from scrapers.records import UnitKind
from scrapers.units import Unit

__all__ = ["BATCH", "LOST", "Supply", "Work"]

LOST: Final = "came back with neither an answer nor an error"
BATCH: Final = 64
"""Units that are claimed at once."""
_TRIES: Final = 3  # of a unit that comes back with nothing
_LOOK_S: Final = 0.2  # s between two looks at what is under way
_OTHERS_S: Final = 1.0  # s between two looks at what other processes hold


class Supply(Protocol):
    """Where further units come from once those of the ledger are read."""

    @property
    def kind(self) -> UnitKind:
        """The units that are read."""

    def candidates(self, limit: int) -> Sequence[str] | None:
        """At most `limit` keys that may be claimed, each given once; None for any."""

    def refill(self) -> bool:
        """Whether there are more units now."""


class Work:
    """Units of one stage that this process has taken and that have not ended yet.

    Parameters
    ----------
    is_quiet : whether the engine has nothing under way.
    give_up : ends a unit that came back with nothing too often.
    rest : called when there is nothing to read but what other processes hold: they may wait for
        what this one has read and not landed.
    """

    def __init__(
        self,
        ledger: Ledger,
        supply: Supply,
        *,
        is_quiet: Callable[[], bool],
        give_up: Callable[[Unit, str], None],
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._supply = supply
        self._is_quiet = is_quiet
        self._give_up = give_up
        self._rest = rest
        self._open: dict[tuple[UnitKind, str], Unit] = {}
        self._waiting: deque[Unit] = deque()
        self._lost: Counter[tuple[UnitKind, str]] = Counter()
        self._changed = asyncio.Event()
        self.is_stopped = False

    def add(self, units: Sequence[Unit]) -> None:
        """Units that no ledger hands out, to be read by this process."""
        self._waiting.extend(units)
        self._changed.set()

    def close(self, unit: Unit) -> None:
        """A unit has ended."""
        self._open.pop((unit.kind, unit.key), None)
        self._changed.set()

    def stop(self) -> None:
        """Hand out nothing more."""
        self.is_stopped = True
        self._changed.set()

    async def units(self) -> AsyncIterator[Unit]:
        """Units one by one, until there is none left and all have ended."""
        while not self.is_stopped:
            self._claim()
            if self._waiting:
                unit = self._waiting.popleft()
                self._open[unit.kind, unit.key] = unit
                yield unit
            elif self._open:
                await self._wait()
            elif self._ledger.others_at_work(self._supply.kind):
                self._rest()
                await asyncio.sleep(_OTHERS_S)
            elif not self._supply.refill():
                return

    def _claim(self) -> None:
        while not self._waiting:
            keys = self._supply.candidates(BATCH)
            if keys is None or keys:
                claimed = self._ledger.claim(self._supply.kind, BATCH, keys)
                self._waiting.extend(unit for unit in claimed if not self._is_open(unit))
            if not keys:
                return

    def _is_open(self, unit: Unit) -> bool:
        """Whether a unit is being read: its lease had run out, for the process slept say."""
        return (unit.kind, unit.key) in self._open

    async def _wait(self) -> None:
        """Wait for a unit to end or to be added; what will never end is begun again."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), _LOOK_S)
        except TimeoutError:
            if self._is_quiet():
                self._begin_again()

    def _begin_again(self) -> None:
        for key, unit in list(self._open.items()):
            self._lost[key] += 1
            del self._open[key]
            if self._lost[key] < _TRIES:
                self._waiting.append(unit)
            else:
                self._give_up(unit, LOST)
