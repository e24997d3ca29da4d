"""Likes that come and go while they are read: lists over a world's, and a record of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from scrapers.replica.world import LikeLists

__all__ = ["LiveLists", "Row"]

Row: TypeAlias = tuple[int, datetime | None]
"""Index of the other side, and the time of the like."""


class LiveLists(LikeLists):
    """The likes of each subject as a world has them, until they are replaced.

    Subjects from `n_subjects` on, where it is given, are newcomers that the world does not have.
    ``arrived`` and ``vanished`` hold every (subject, other) that was not there all the time.
    """

    def __init__(self, base: LikeLists, n_subjects: int | None = None) -> None:
        self._base = base
        self._n_subjects = n_subjects
        self._replaced: dict[int, Sequence[Row]] = {}
        self.arrived: set[tuple[int, int]] = set()
        self.vanished: set[tuple[int, int]] = set()

    def count(self, subject: int) -> int:
        """Number of likes of a subject now."""
        rows = self._replaced.get(subject)
        if rows is not None:
            return len(rows)
        return 0 if self._is_newcomer(subject) else self._base.count(subject)

    def page(self, subject: int, offset: int, count: int) -> list[Row]:
        """At most `count` likes of a subject from `offset` on."""
        rows = self._replaced.get(subject)
        if rows is not None:
            return list(rows[offset : offset + count])
        return [] if self._is_newcomer(subject) else self._base.page(subject, offset, count)

    def change(self, subject: int, changed: Callable[[list[Row]], Sequence[Row]]) -> None:
        """Replace the likes of a subject by what `changed` makes of them."""
        before = self.page(subject, 0, self.count(subject))
        after = list(changed(list(before)))
        old, new = {other for other, _ in before}, {other for other, _ in after}
        self.arrived |= {(subject, other) for other in new - old}
        self.vanished |= {(subject, other) for other in old - new}
        self._replaced[subject] = after

    def others(self, subject: int) -> Iterator[int]:
        """Other sides of all likes of a subject now."""
        return (other for other, _ in self.page(subject, 0, self.count(subject)))

    def _is_newcomer(self, subject: int) -> bool:
        return self._n_subjects is not None and subject >= self._n_subjects
