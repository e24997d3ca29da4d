"""What the service counts, by route template: in memory that all workers can read.

Each worker writes a file of its own and any of them answers for all, so the numbers do not depend
on which worker is asked, and a worker that is started anew goes on where its forerunner stopped.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

__all__ = ["BOUNDS_S", "STATUS_CLASSES", "Metrics"]

BOUNDS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
STATUS_CLASSES: Final = ("2xx", "3xx", "4xx", "5xx")
_NO_ROUTE: Final = "(none)"
_SHED, _IN_FLIGHT, _LISTS, _ASKED, _FILLED, _FIRST_ROW = range(6)
_ROW: Final = len(BOUNDS_S) + 2
_CELL_BYTES: Final = 8


class Metrics:
    """Counters of one worker, and the sums over all.

    Parameters
    ----------
    routes : templates, the same in the same order in every worker.
    folder : where the workers' counters lie; without it there is one worker, and no file.
    slot : which of the workers this is.
    """

    def __init__(self, routes: Iterable[str], folder: Path | None = None, slot: int = 0) -> None:
        self.routes: Sequence[str] = tuple(dict.fromkeys((*routes, _NO_ROUTE)))
        self._folder = folder
        rows = len(self.routes) * len(STATUS_CLASSES)
        size_bytes = (_FIRST_ROW + rows * _ROW) * _CELL_BYTES
        self._memory = _shared(folder / f"{slot}.counts", size_bytes) if folder else None
        self._cells = memoryview(self._memory or bytearray(size_bytes)).cast("d")
        self._cells[_IN_FLIGHT] = 0  # a forerunner that was killed left some
        self._first = {
            route: _FIRST_ROW + place * len(STATUS_CLASSES) * _ROW
            for place, route in enumerate(self.routes)
        }

    def begin(self) -> None:
        """Count a request that came in."""
        self._cells[_IN_FLIGHT] += 1

    def end(self, route: str, status: int, took_s: float) -> None:
        """Count a request that was answered; one without an answer counts as 5xx."""
        cells = self._cells
        cells[_IN_FLIGHT] -= 1
        of_class = min(max(status // 100 - 2, 0), 3) if status else 3
        row = self._first.get(route, self._first[_NO_ROUTE]) + of_class * _ROW
        cells[row + bisect_left(BOUNDS_S, took_s)] += 1
        cells[row + _ROW - 1] += took_s

    def shed(self) -> None:
        """Count a request that was turned away before any work."""
        self._cells[_SHED] += 1

    def listed(self, requested: int, filled: int) -> None:
        """Count a list: items that were asked for, and those of them filled from popular ones."""
        cells = self._cells
        cells[_LISTS] += 1
        cells[_ASKED] += requested
        cells[_FILLED] += filled

    def totals(self) -> dict[str, float]:
        """Sums over all workers by name."""
        cells = self._summed()
        named = {"shed": _SHED, "in_flight": _IN_FLIGHT, "lists": _LISTS}
        named |= {"items_requested": _ASKED, "items_filled": _FILLED}
        return {name: cells[cell] for name, cell in named.items()}

    def latencies(self) -> Iterator[tuple[str, str, list[float], float]]:
        """Route, status class, cumulative counts by upper bound (the last has none) and seconds.

        Only what was asked at least once.
        """
        cells = self._summed()
        for route, first in self._first.items():
            for place, status_class in enumerate(STATUS_CLASSES):
                row = first + place * _ROW
                counts = list(accumulate(cells[row : row + _ROW - 1]))
                if counts[-1]:
                    yield route, status_class, counts, cells[row + _ROW - 1]

    def _summed(self) -> list[float]:
        if self._folder is None:
            return list(self._cells)
        size_bytes = len(self._cells) * _CELL_BYTES
        read = (path.read_bytes() for path in sorted(self._folder.glob("*.counts")))
        views = [memoryview(data).cast("d") for data in read if len(data) == size_bytes]
        return [sum(cells) for cells in zip(*views, strict=True)]


def _shared(path: Path, size_bytes: int) -> mmap.mmap:
    with path.open("a+b") as file:
        if path.stat().st_size != size_bytes:
            file.truncate(0)
            file.truncate(size_bytes)
        return mmap.mmap(file.fileno(), size_bytes)
