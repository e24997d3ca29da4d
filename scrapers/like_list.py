"""The likes of one subject, read page by page from a list that changes while it is read.

Pages overlap where the site lets us choose where they begin, rows are merged by key, and a list
that turns out short, or whose rows moved, is read again from its beginning before it is called
partial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from scrapers.counts import Count, is_short
from scrapers.records import UnitState
from scrapers.units import Memory

__all__ = ["DIGEST_BYTES", "Again", "Ended", "Following", "LikeList", "Row", "Step"]

_PASSES: Final = 3  # readings of a list that is short, or whose rows moved
_ASKED_AGAIN: Final = 2  # times that a page which brings nothing new is asked for once more
_STALE_PAGES: Final = 8  # in a row, which bring nothing new: the list goes round
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
    """What one reading from the beginning has met.

    ``is_torn`` says that rows moved between its pages, so that it may have missed some.
    """

    rows_before: int = 0
    seen: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    pages: int = 0
    stale: int = 0
    is_torn: bool = False


class LikeList:
    """What was read of one list, and what to do next.

    A page that begins with rows of the page before, and has new ones after them only, misses
    nothing between the two; where pages do not meet so, the list is read again.

    Parameters
    ----------
    announced : rows that the site says there are.
    memory : what an earlier crawl knew; reading then stops at what is known, newest first.
    digest : 8-byte keyed digest of an id.
    overlap : rows that a page and the next have in common; 0 where the site leads by links.
    full_page : rows of a page that may have a next one though it names none; 0 where any may end
        a list.
    """

    def __init__(
        self,
        announced: Count | None,
        digest: Callable[[str], bytes],
        *,
        memory: Memory | None = None,
        overlap: int = 0,
        full_page: int = 0,
    ) -> None:
        self.announced = announced
        self._digest = digest
        self._memory = memory
        self._known = frozenset() if memory is None else _split(memory.known)
        self._overlap = overlap
        self._full_page = full_page or inf
        self._rows: dict[Any, Row] = {}
        self._odd: dict[str, Row] = {}
        self._n_new = 0
        self._passes = 1
        self._reading = _Reading()

    def visit(self, url: str) -> None:
        """A page is being read."""
        self._reading.urls.add(url)

    def is_visited(self, url: str) -> bool:
        """Whether a page was read since the list was begun from its first."""
        return url in self._reading.urls

    def add(self, rows: Sequence[Row], offset: int, *, has_next: bool) -> Step:
        """Take the rows of the page at `offset`; what to do next."""
        reading = self._reading
        others = [row.other for row in rows if type(row.other) is str]
        is_seen = [other in reading.seen for other in others]
        self.keep(rows)
        reading.seen.update(others)
        reading.pages += 1
        reading.is_torn |= self._is_torn(is_seen, offset)
        reading.stale = reading.stale + 1 if all(is_seen) else 0
        if self._is_known_from_here(others):
            return Ended(UnitState.DONE, whole=False)
        if len(rows) > self._overlap and 0 < reading.stale <= _ASKED_AGAIN:
            return Again("a page that was read comes again")
        is_full = len(rows) >= self._full_page
        if not rows or not (has_next or (self._overlap and is_full)):
            return self._end("the list ends early", is_cut=is_full)
        if reading.stale >= _STALE_PAGES:
            return self._end("pages that were read come again", is_loop=True)
        if reading.pages >= _MOST_PAGES:
            self._passes = _PASSES
            return self._end("the list has no end", is_loop=True)
        return Following(offset + len(rows) - min(self._overlap, len(rows) // 2))

    def keep(self, rows: Sequence[Row]) -> None:
        """Take rows of a page after which one cannot go on."""
        for row in rows:
            if type(row.other) is not str:
                self._odd[repr(row.other)] = row
            elif row.other not in self._rows:
                self._rows[row.other] = row
                if self._memory is not None and self._digest(row.other) not in self._known:
                    self._n_new += 1

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

    def _is_torn(self, is_seen: list[bool], offset: int) -> bool:
        """Whether rows moved between a page and those before, so that some may be missed."""
        first_new = is_seen.index(False) if False in is_seen else len(is_seen)
        is_apart = bool(self._overlap and offset and is_seen and not first_new)
        return is_apart or True in is_seen[first_new:]

    def _is_known_from_here(self, others: Iterable[str]) -> bool:
        """Whether what follows is known: the page meets it, and the counts add up."""
        if self._memory is None or self._reading.is_torn:
            return False
        if not any(self._digest(other) in self._known for other in others):
            return False
        return self.announced is None or self._memory.read + self._n_new >= self.announced.low

    def _end(self, why: str, *, is_loop: bool = False, is_cut: bool = False) -> Step:
        """Close a reading: the list is done, or read again, or partial.

        Parameters
        ----------
        is_cut : the last page was full, so that what is missing may well stand after it.
        """
        read, announced, reading = len(self._rows), self.announced, self._reading
        is_missing = announced is not None and read < announced.low
        is_short_of_it = announced is not None and (
            (is_cut and is_missing) or is_short(read, announced)
        )
        is_endless = is_loop and (announced is None or is_missing)
        is_doubtful = (reading.is_torn and read > reading.rows_before) or (
            is_missing and not self._overlap and reading.pages > 1
        )
        if self._passes < _PASSES and (is_short_of_it or is_endless or is_doubtful):
            self._passes += 1
            self._reading = _Reading(read)
            return Following(0, from_start=True)
        if is_short_of_it or is_endless:
            of_all = "" if announced is None else f" of {announced.low}"
            return Ended(UnitState.PARTIAL, whole=False, why=f"{read}{of_all} likes: {why}")
        return Ended(UnitState.DONE, whole=True)


def _split(known: bytes) -> frozenset[bytes]:
    return frozenset(
        known[start : start + DIGEST_BYTES] for start in range(0, len(known), DIGEST_BYTES)
    )
