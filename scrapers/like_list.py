"""The likes of one subject, read page by page from a list that changes while it is read.

Pages overlap where the site lets us choose where they begin, rows are merged by key, and a list
that turns out short is read again from its beginning before it is called partial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scrapers.counts import Count, is_short
from scrapers.records import UnitState
from scrapers.units import Memory

__all__ = ["DIGEST_BYTES", "Again", "Ended", "Following", "LikeList", "Row", "Step"]

_PASSES: Final = 3  # readings of a list that is short
_ASKED_AGAIN: Final = 2  # times that a page which brings nothing new is asked for once more
_MOST_PAGES: Final = 20_000  # of a reading: a list without an end is left
DIGEST_BYTES: Final = 8
"""Length of the keyed digest by which a row of a list is remembered."""


@dataclass(frozen=True, slots=True)
class Row:
    """One like of a page: the other side of it, and when it was; of any type until checked."""

    other: Any
    liked_at: Any


@dataclass(frozen=True, slots=True)
class Following:
    """The page to read next: the one at an offset, or the list's first once more."""

    offset: int
    from_start: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """The same page is to be asked for again; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The list is read; `why` says what is missing of one that is not done."""

    state: UnitState
    whole: bool
    why: str | None = None


Step = Following | Again | Ended


@dataclass(slots=True)
class _Reading:
    """What one reading from the beginning has met."""

    seen: set[str] = field(default_factory=set)
    pages: int = 0
    asked_again: int = 0
    resumes_at: int | None = None  # after a step back


class LikeList:
    """What was read of one list, and what to do next.

    Parameters
    ----------
    announced : rows that the site says there are.
    memory : what an earlier crawl knew; reading then stops at what is known, newest first.
    digest : 8-byte keyed digest of an id.
    overlap : rows that a page and the next have in common; 0 where the site leads by links.
    """

    def __init__(
        self,
        announced: Count | None,
        digest: Callable[[str], bytes],
        *,
        memory: Memory | None = None,
        overlap: int = 0,
    ) -> None:
        self.announced = announced
        self._digest = digest
        self._memory = memory
        self._known = frozenset() if memory is None else _split(memory.known)
        self._overlap = overlap
        self._rows: dict[Any, Row] = {}
        self._odd: dict[str, Row] = {}
        self._n_new = 0
        self._passes = 1
        self._reading = _Reading()

    def add(self, rows: Sequence[Row], offset: int, *, has_next: bool) -> Step:
        """Take the rows of the page at `offset`; what to do next."""
        reading = self._reading
        others = {row.other for row in rows if type(row.other) is str}
        before = reading.seen
        self._keep(rows)
        reading.seen = before | others
        reading.pages += 1
        if self._is_known_from_here(others):
            return Ended(UnitState.DONE, whole=False)
        if not rows or not has_next:
            return self._end("the list ends early")
        if reading.pages >= _MOST_PAGES:
            return self._end("the list has no end", is_loop=True)
        if others <= before and reading.resumes_at is None:
            return self._nothing_new()
        return self._following(rows, offset, meets=bool(others & before))

    def _following(self, rows: Sequence[Row], offset: int, *, meets: bool) -> Following:
        """The next page; one page back where more rows went than pages overlap."""
        reading = self._reading
        reading.asked_again = 0
        if reading.resumes_at is not None:
            following, reading.resumes_at = Following(reading.resumes_at), None
            return following
        following = Following(offset + len(rows) - min(self._overlap, len(rows) // 2))
        if self._overlap and offset and not meets:
            reading.resumes_at = following.offset
            return Following(max(0, offset - len(rows)))
        return following

    def kept(self, *, whole: bool) -> list[Row]:
        """Rows to land, each id once: all of a list that was read whole, else the new ones."""
        rows: Iterable[Row] = self._rows.values()
        if not whole and self._memory is not None:
            rows = [row for row in rows if self._digest(row.other) not in self._known]
        return [*rows, *self._odd.values()]

    def read(self, *, whole: bool) -> int:
        """Distinct rows that are known of the list now."""
        if whole or self._memory is None:
            return len(self._rows)
        total = self._memory.read + self._n_new
        exact = self.announced is not None and self.announced.low == self.announced.high
        return min(total, self.announced.low) if exact and self.announced else total

    def digests(self, *, whole: bool) -> bytes:
        """Digests of all rows that are known of the list now, joined."""
        found = {self._digest(other) for other in self._rows}
        return b"".join(sorted(found if whole else found | self._known))

    def _keep(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if type(row.other) is not str:
                self._odd[repr(row.other)] = row
            elif row.other not in self._rows:
                self._rows[row.other] = row
                if self._memory is not None and self._digest(row.other) not in self._known:
                    self._n_new += 1

    def _is_known_from_here(self, others: set[str]) -> bool:
        """Whether what follows is known: the page meets it, and the counts add up."""
        if self._memory is None or not any(self._digest(other) in self._known for other in others):
            return False
        return self.announced is None or self._memory.read + self._n_new >= self.announced.low

    def _nothing_new(self) -> Step:
        is_all = self.announced is not None and len(self._rows) >= self.announced.low
        if not is_all and self._reading.asked_again < _ASKED_AGAIN:
            self._reading.asked_again += 1
            return Again("a page that was read comes again")
        return self._end("a page that was read comes again", is_loop=True)

    def _end(self, why: str, *, is_loop: bool = False) -> Step:
        """Close a reading: the list is done, or read again, or partial."""
        read, announced = len(self._rows), self.announced
        if announced is None:
            if is_loop:
                return Ended(UnitState.PARTIAL, whole=False, why=f"{read} likes: {why}")
            return Ended(UnitState.DONE, whole=True)
        if read >= announced.low:
            return Ended(UnitState.DONE, whole=True)
        short = is_short(read, announced)
        if self._passes < _PASSES and (short or self._reading.pages > 1):
            self._passes += 1
            self._reading = _Reading()
            return Following(0, from_start=True)
        if not short:
            return Ended(UnitState.DONE, whole=True)
        return Ended(UnitState.PARTIAL, whole=False, why=f"{read} of {announced.low} likes: {why}")


def _split(known: bytes) -> frozenset[bytes]:
    return frozenset(
        known[start : start + DIGEST_BYTES] for start in range(0, len(known), DIGEST_BYTES)
    )
