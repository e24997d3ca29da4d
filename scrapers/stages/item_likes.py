"""Who likes an item, item by item of the catalogue."""

from __future__ import annotations

from typing import ClassVar

from scrapy import Request
from scrapy.http import Response

from scrapers.like_list import LikeList, Row
from scrapers.pages import LikesOfPage
from scrapers.records import LikesPage, UnitKind
from scrapers.stages.likes import LikesStage, is_unchanged
from scrapers.units import Unit

__all__ = ["ItemLikesStage"]


class ItemLikesStage(LikesStage):
    """Reads the likes of items by offsets, with pages that overlap."""

    kind: ClassVar[UnitKind] = UnitKind.ITEM_LIKES
    overlap = 4  # rows: as many likes may go between two pages and none is missed

    def prepare(self) -> None:
        """Enter the items of the catalogue; in an incremental crawl those that have changed."""
        known = self.spider.ledger.memories(self.kind) if self._is_incremental else {}
        items = self.spider.plan.items()
        units = [
            Unit(self.kind, item.item_id, item.announced)
            for item in items
            if not is_unchanged(item.announced, known.get(item.item_id))
        ]
        self.tally.counts["lists_unchanged"] += len(items) - len(units)
        self.enter(units)

    def page_request(
        self, unit: Unit, likes: LikeList, offset: int, url: str | None = None
    ) -> Request:
        """Request of the page at an offset; the links of pages are not followed."""
        del url
        return self.list_request(self.spider.likers_url(unit.key, offset), unit, likes, offset)

    def read(self, response: Response) -> LikesOfPage | None:
        """Who likes the item."""
        return self.spider.read_likers(response)

    def records(self, unit: Unit, rows: list[Row]) -> LikesPage:
        """Likes of the item."""
        return LikesPage(
            subject_id=unit.key,
            user_handles=tuple(row.other for row in rows),
            item_ids=(unit.key,) * len(rows),
            liked_at=tuple(row.liked_at for row in rows),
            crawled_at=self.spider.now(),
        )

    def first_url(self, key: str) -> str:
        """First page of an item."""
        return self.spider.likers_url(key, 0)
