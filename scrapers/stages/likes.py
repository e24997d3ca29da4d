"""Lists of likes, from the item's side or the user's: what both have in common."""

from __future__ import annotations

from abc import abstractmethod
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from scrapy import Request
from scrapy.http import Response

from scrapers.checking import is_id
from scrapers.counts import Count
from scrapers.like_list import DIGEST_BYTES, Again, Ended, Following, LikeList, Row
from scrapers.pages import LikesOfPage
from scrapers.records import LikesPage, Mode, UnitState
from scrapers.stages.base import Output, StageWork
from scrapers.units import EndedUnit, Unit

if TYPE_CHECKING:
    from scrapers.site_spider import SiteSpider

__all__ = ["LikesStage", "is_unchanged"]

_KEY_BYTES: Final = 64  # what BLAKE2b takes


class LikesStage(StageWork):
    """Reads lists of likes page by page; a list is landed whole, once, when it has ended."""

    overlap = 0

    def __init__(self, spider: SiteSpider) -> None:
        super().__init__(spider)
        self._secret = spider.key.secret[:_KEY_BYTES]
        self._is_incremental = spider.plan.arguments.mode is Mode.INCREMENTAL

    def request(self, unit: Unit) -> Request:
        """Request of a list's first page."""
        return self.page_request(unit, self.new_list(unit), 0)

    @abstractmethod
    def page_request(
        self, unit: Unit, likes: LikeList, offset: int, url: str | None = None
    ) -> Request:
        """Request of a page: the one at an offset, or at a url that the page before named."""

    @abstractmethod
    def read(self, response: Response) -> LikesOfPage | None:
        """Likes of a page; None where it is not what it should be."""

    @abstractmethod
    def records(self, unit: Unit, rows: list[Row]) -> LikesPage:
        """Likes to land of the rows of a list."""

    def list_request(self, url: str, unit: Unit, likes: LikeList, offset: int) -> Request:
        """Request of a page of a list at a url."""
        missing = [HTTPStatus.NOT_FOUND]
        return self.spider.request(
            url, self.parse, unit, handled=missing, likes=likes, offset=offset
        )

    def new_list(self, unit: Unit) -> LikeList:
        """An empty list, with what an earlier crawl knew of it where only news are asked for."""
        memory = None
        if self._is_incremental:
            memory = self.spider.ledger.recall(unit.kind, [unit.key]).get(unit.key)
        return LikeList(
            unit.announced,
            self._digest,
            memory=memory,
            overlap=self.overlap,
            full_page=self.spider.page_rows,
        )

    def parse(self, response: Response, unit: Unit, likes: LikeList, offset: int) -> Output:
        """Take a page of a list; ask for the next, or end the list."""
        if response.status == HTTPStatus.NOT_FOUND:
            yield from self.gone(response)
            return
        page = self.read(response)
        if page is None:
            yield from self.spider.retried(response, "no JSON list")
            return
        fault = self.fault(page, likes)
        if fault:
            likes.keep(page.rows)
            yield from self.spider.retried(response, fault)
            return
        step = likes.add(page.rows, offset, has_next=bool(page.following))
        if isinstance(step, Again):
            yield from self.spider.retried(response, step.reason)
        elif isinstance(step, Ended):
            yield self.end_of(unit, likes, step)
        else:
            yield self._following(unit, likes, step, page.following)

    def fault(self, page: LikesOfPage, likes: LikeList) -> str:
        """What is wrong with a page that may be right when it is asked for again; else empty."""
        del likes
        if page.rows and not any(is_id(row.other) for row in page.rows):
            return "no like of the page has an id"
        return ""

    def given_up(self, request: Request, why: str) -> EndedUnit:
        """End of a list of which a page cannot be had: what was read before is kept."""
        unit: Unit = request.meta["unit"]
        likes: LikeList | None = request.cb_kwargs.get("likes")
        if likes is None or not likes.kept(whole=False):
            return super().given_up(request, why)
        state = UnitState.PARTIAL if likes.read(whole=True) else UnitState.FAILED
        return self.end_of(unit, likes, Ended(state, whole=False, why=why))

    def _following(self, unit: Unit, likes: LikeList, step: Following, url: str) -> Request:
        return self.page_request(unit, likes, step.offset, None if step.from_start else url)

    def end_of(self, unit: Unit, likes: LikeList, ended: Ended) -> EndedUnit:
        """End of a list, with the rows of it that are landed."""
        rows = likes.kept(whole=ended.whole)
        announced = None if likes.announced is None else likes.announced.low
        read = likes.read(whole=ended.whole)
        self.tally.counts["likes_read"] += read
        self.tally.counts["likes_announced"] += announced or 0
        return self.spider.end(
            unit,
            ended.state,
            (self.records(unit, rows),) if rows else (),
            read=read,
            announced=likes.announced,
            whole=ended.whole,
            why=ended.why,
            known=likes.digests(whole=ended.whole),
        )

    def _digest(self, value: str) -> bytes:
        text = value.encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._secret, digest_size=DIGEST_BYTES).digest()


def is_unchanged(announced: Count | None, known: tuple[Count | None, int] | None) -> bool:
    """Whether a list need not be visited: its count is exact, and the one that was known."""
    if announced is None or known is None or announced.low != announced.high:
        return False
    return known[0] == announced
