"""A catalogue sorted by likes, read down to a floor, in passes that each see what others missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scrapers.counts import announced_count
from scrapers.records import ItemRecord
from scrapers.tally import Tally

__all__ = ["CatalogueListing"]


class CatalogueListing:
    """What was read of a catalogue in one pass; an item that stands twice is kept once.

    Ranks shift while one pages: the end of a page may return at the top of the next, and an
    item may slip from a page that is still to be read to one that was.  Hence the passes, of
    which a crawl that was broken off may have pages of two left to read.

    Parameters
    ----------
    landed : ids of items that an earlier process of the same crawl has landed.
    before : a pass that has kept items already.
    """

    def __init__(
        self,
        like_floor: int,
        tally: Tally,
        landed: Iterable[str] = (),
        before: CatalogueListing | None = None,
    ) -> None:
        self._floor = like_floor
        self._tally = tally
        self.kept: set[str] = {repr(item_id) for item_id in landed}  # an id may be of any type
        if before is not None:
            self.kept = before.kept
        self.n_new = 0
        self._seen: set[str] = set()
        self._visited: dict[str, int] = {}
        self._last_page: int | None = None

    def another_pass(self) -> CatalogueListing:
        """The catalogue from its beginning, to find what this pass has missed."""
        return CatalogueListing(self._floor, self._tally, before=self)

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
        fresh = [item for name, item in named.items() if name not in self.kept]
        self._seen |= named.keys()
        self.kept.update(named)  # the one set of all passes
        self.n_new += len(fresh)
        return fresh, not above

    def is_new(self, url: str, page: int) -> bool:
        """Whether no other page of this pass stands at a url; from now on this one does."""
        return self._visited.setdefault(url, page) == page

    def end_at(self, page: int) -> None:
        """Nothing worth reading stands after a numbered page."""
        self._last_page = page if self._last_page is None else min(page, self._last_page)

    def is_past_end(self, page: int) -> bool:
        """Whether a numbered page lies after the known end."""
        return self._last_page is not None and page > self._last_page

    def _is_below(self, item: ItemRecord) -> bool:
        announced = announced_count(item.like_count, item.like_count_text)
        return announced is not None and announced.high < self._floor
