"""Lists that are read page by page: a catalogue by rank, and the likes of one subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scrapers.counts import Count, announced_count, is_short
from scrapers.raw_zone import ItemUnit
from scrapers.records import ItemRecord
from scrapers.tally import Tally

__all__ = ["CatalogueListing", "LikeList", "LikesByUser"]

_STALE_PAGES: Final = 3  # ranks may shift by a page, hardly by three in a row


class CatalogueListing:
    """A catalogue sorted by likes, read down to a floor; what stands twice is kept once.

    Ranks shift while one pages, so the end of a page may return at the top of the next.
    """

    def __init__(self, like_floor: int, tally: Tally) -> None:
        self._floor = like_floor
        self._tally = tally
        self._seen: set[str] = set()
        self._stale = 0
        self._visited: set[str] = set()
        self._last_page: int | None = None

    def add(self, items: Iterable[ItemRecord]) -> tuple[list[ItemRecord], bool]:
        """Items of a page to keep, and whether the catalogue ends with it.

        It ends with a page that is empty, or wholly below the floor.
        """
        items = list(items)
        above = [item for item in items if not self._is_below(item)]
        named = {repr(item.item_id): item for item in above}  # an id may be of any type
        fresh = {name: item for name, item in named.items() if name not in self._seen}
        self._seen.update(fresh)
        self._stale = 0 if fresh or not above else self._stale + 1
        self._tally.counts["below_floor"] += len(items) - len(above)
        self._tally.counts["repeated"] += len(above) - len(fresh)
        return list(fresh.values()), not above

    @property
    def goes_round(self) -> bool:
        """Whether the last pages held nothing new: the site repeats itself, and has no end."""
        return self._stale >= _STALE_PAGES

    def is_new(self, url: str) -> bool:
        """Whether a page has not been visited; it now has."""
        if url in self._visited:
            return False
        self._visited.add(url)
        return True

    def end_at(self, page: int) -> None:
        """Nothing worth reading stands after a numbered page."""
        self._last_page = page if self._last_page is None else min(page, self._last_page)

    def is_past_end(self, page: int) -> bool:
        """Whether a numbered page lies after the known end."""
        return self._last_page is not None and page > self._last_page

    def _is_below(self, item: ItemRecord) -> bool:
        announced = announced_count(item.like_count, item.like_count_text)
        return announced is not None and announced.high < self._floor


class LikeList:
    """The likes of one subject, from which pages are taken until it ends.

    ``rows`` were read, repeated ones included; ``unit`` is its name in logs.
    """

    __slots__ = ("announced", "rows", "seen", "subject_id", "unit")

    def __init__(self, subject_id: str, announced: Count | None, unit: str) -> None:
        self.subject_id = subject_id
        self.announced = announced
        self.unit = unit
        self.rows = 0
        self.seen: set[str] = set()

    def add(self, others: Sequence[Any]) -> set[str]:
        """Ids of a page that no earlier page had."""
        self.rows += len(others)
        fresh = {other for other in others if type(other) is str} - self.seen
        self.seen |= fresh
        return fresh

    def end(self, tally: Tally) -> None:
        """Compare what was read with what was announced."""
        tally.finish()
        compare(len(self.seen), self.announced, self.unit, tally)


class LikesByUser:
    """The user side: only likes of catalogue items count, users are found as the crawl goes."""

    def __init__(self, items: Iterable[ItemUnit], tally: Tally) -> None:
        self._announced = {item.item_id: item.announced for item in items}
        self._read: Counter[str] = Counter()
        self._users: set[str] = set()
        self._pages: set[int] = set()
        self._tally = tally

    def is_new(self, handle: str) -> bool:
        """Whether a user was not known yet; now they are."""
        if handle in self._users:
            return False
        self._users.add(handle)
        return True

    def is_new_page(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Whether a page of a directory of users has not been read; it now has."""
        page = hash(tuple(repr(row.get("uid")) for row in rows))
        if page in self._pages:
            return False
        self._pages.add(page)
        return True

    def in_catalogue(self, item_id: object) -> bool:
        """Whether an item is one of those whose likes are wanted."""
        return item_id in self._announced if type(item_id) is str else True

    def count(self, fresh: Iterable[str]) -> None:
        """Likes that one page of one user added."""
        self._read.update(fresh)

    def compare(self) -> None:
        """Compare what was read of each item with what was announced, users being done."""
        for item_id, announced in self._announced.items():
            compare(self._read[item_id], announced, f"likes of {item_id}", self._tally)


def compare(read: int, announced: Count | None, unit: str, tally: Tally) -> None:
    """Count what was read and announced of a list, and name it where it is short."""
    tally.counts["likes_read"] += read
    if announced is not None:
        tally.counts["likes_announced"] += announced.low
        if is_short(read, announced):
            tally.short(unit, read, announced.low)
