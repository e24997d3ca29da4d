"""A catalogue sorted by likes, read down to a floor, in passes that each see what others missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scrapers.counts import announced_count
from scrapers.records import ItemRecord
from scrapers.tally import Tally

__all__ = ["CatalogueListing"]


class CatalogueListing:
    """What was read of a catalogue; an item that stands twice is kept once.

    Ranks shift while one pages: the end of a page may return at the top of the next, and an
    item may slip from a page that is still to be read to one that was.  Hence the passes.

    Parameters
    ----------
    landed : ids of items that an earlier process of the same crawl has landed.
    """

    def __init__(self, like_floor: int, tally: Tally, landed: Iterable[str] = ()) -> None:
        self._floor = like_floor
        self._tally = tally
        self._kept = {repr(item_id) for item_id in landed}  # an id may be of any type
        self._begin()
        self.n_new = len(self._kept)  # a pass that was broken off may have brought something

    def _begin(self) -> None:
        self._seen: set[str] = set()
        self._visited: set[str] = set()
        self._last_page: int | None = None

    def begin_pass(self) -> None:
        """Read the catalogue once more from its beginning."""
        self._begin()
        self.n_new = 0

    def is_repeated(self, items: Sequence[ItemRecord]) -> bool:
        """Whether a page holds items of this pass only, which were read on other pages."""
        return bool(items) and all(repr(item.item_id) in self._seen for item in items)

    def add(self, items: Sequence[ItemRecord]) -> tuple[list[ItemRecord], bool]:
        """Items of a page to keep, and whether the catalogue ends with it.

        It ends with a page that is empty, or wholly below the floor.
        """
        above = [item for item in items if not self._is_below(item)]
        named = {repr(item.item_id): item for item in above}
        self._tally.counts["below_floor"] += len(items) - len(above)
        self._tally.counts["repeated"] += len(above) - len(named.keys() - self._seen)
        fresh = [item for name, item in named.items() if name not in self._kept]
        self._seen |= named.keys()
        self._kept |= named.keys()
        self.n_new += len(fresh)
        return fresh, not above

    def is_new(self, url: str) -> bool:
        """Whether a page has not been visited in this pass; it now has."""
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
