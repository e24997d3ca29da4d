"""The catalogue: pages of items, most liked first, read in passes until one brings nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from scrapy import Request
from scrapy.http import Response

from scrapers.browser import in_browser
from scrapers.checking import is_id
from scrapers.listing import CatalogueListing
from scrapers.pages import CataloguePage
from scrapers.raw_zone import landed_item_ids
from scrapers.records import CatalogueSource, Mode, UnitKind, UnitState
from scrapers.stages.base import REPEATED, Output, StageWork
from scrapers.units import EndedUnit, Unit

if TYPE_CHECKING:
    from scrapers.site_spider import SiteSpider

__all__ = ["CatalogueStage"]

_PASSES: Final = 5  # at most; a full crawl reads the catalogue twice at least
_PAGES_AT_ONCE: Final = 4  # numbered pages; those that lead by links come one by one
_FAILED_PAGES: Final = 4  # in a row; further ones would fail too
_REPEATED_PAGES: Final = 3  # in a row: the catalogue goes round
_PAGE: Final = "page"  # of a request, what was read of it though one cannot go on from it


class CatalogueStage(StageWork):
    """Reads the catalogue page by page; a unit is ``<pass>:<page>``."""

    kind: ClassVar[UnitKind] = UnitKind.CATALOGUE_PAGE

    def __init__(self, spider: SiteSpider) -> None:
        super().__init__(spider)
        asked = spider.plan.arguments
        self._by_links = asked.catalogue is CatalogueSource.JSON
        self._pass = 1
        self._failed = 0
        self._repeated = 0
        landed = landed_item_ids(spider.plan.landing_folder)
        self._first = CatalogueListing(asked.like_floor, self.tally, landed)
        self._listings = {1: self._first}
        self._is_resumed = bool(landed)
        # Only the ledger knows where a pass was left: without it, another pass finds the rest.
        is_lost = self._is_resumed and not spider.ledger.counts(self.kind)
        self._passes = _PASSES if asked.mode is Mode.FULL else 1 + is_lost

    def prepare(self) -> None:
        """Enter the first pages; those of an earlier process of the crawl stand there already."""
        self._begin_pass()

    def request(self, unit: Unit) -> Request:
        """Request of a page."""
        number, page = _place(unit)
        self._pass = max(self._pass, number)
        if unit.payload is None:
            url = self.spider.grid_url(page)
            return in_browser(self.spider.request(url, self.parse, unit), self.spider.grid_ready)
        self._listing(unit).is_new(unit.payload, page)
        return self.spider.request(unit.payload, self.parse, unit)

    def parse(self, response: Response, unit: Unit) -> Output:
        """Items of a page, and the page further on."""
        page = self.spider.read_catalogue(response)
        fault = (
            "no page of the catalogue" if page is None else self._fault(unit, page, response.meta)
        )
        if page is None or fault:
            response.meta[_PAGE] = page or response.meta.get(_PAGE)
            yield from self.spider.retried(response, fault)
            return
        self._failed, listing = 0, self._listing(unit)
        self._repeated = self._repeated + 1 if listing.is_repeated(page.items) else 0
        if self._repeated >= _REPEATED_PAGES:
            yield self.spider.end(unit, UnitState.FAILED, why=REPEATED)
            return
        fresh, is_end = listing.add(page.items)
        self._go_on(unit, page.following, is_end=is_end)
        yield self.spider.end(unit, UnitState.DONE, tuple(fresh), read=len(page.items), whole=True)

    def refill(self) -> bool:
        """Begin another pass while passes bring anything new."""
        while self._pass < self._passes and (self._pass == 1 or self._has_news(self._pass)):
            self._pass += 1
            if self._begin_pass():
                return True
        return False

    def given_up(self, request: Request, why: str) -> EndedUnit:
        """End of a page that cannot be had or leads nowhere; numbered ones go on after it."""
        unit: Unit = request.meta["unit"]
        self._failed += 1
        if unit.payload is None and self._failed < _FAILED_PAGES:
            self._go_on(unit, None, is_end=False)
        page: CataloguePage | None = request.meta.get(_PAGE)
        if page is None:
            return super().given_up(request, why)
        state = UnitState.PARTIAL if _has_ids(page) else UnitState.FAILED
        fresh, _ = self._listing(unit).add(page.items)
        return self.spider.end(unit, state, tuple(fresh), read=len(page.items), why=why)

    def _begin_pass(self) -> int:
        if self._by_links:
            return self._enter(Unit(self.kind, f"{self._pass}:1", payload=self.spider.listing_url))
        pages = range(1, _PAGES_AT_ONCE + 1)
        return self._enter(*(Unit(self.kind, f"{self._pass}:{page}") for page in pages))

    def _listing(self, unit: Unit) -> CatalogueListing:
        """The pass that a page belongs to."""
        number, _ = _place(unit)
        return self._listings.setdefault(number, self._first.another_pass())

    def _has_news(self, number: int) -> bool:
        """Whether a pass has brought something, or may have before the crawl was broken off."""
        listing = self._listings.get(number)
        return self._is_resumed or listing is None or listing.n_new > 0

    def _fault(self, unit: Unit, page: CataloguePage, meta: dict[str, Any]) -> str:
        """What is wrong with a page that may be right when it is asked for again; else empty."""
        if page.items and not _has_ids(page):
            return "no item of the page has an id"
        if self._listing(unit).is_repeated(page.items) and self.is_asked_again(meta):
            return REPEATED
        if self._by_links and page.following and not self._is_new(unit, page.following):
            return "next page is none of the site's, or was read"
        is_full = len(page.items) >= self.spider.page_rows
        if self._by_links and is_full and not page.following and self.is_asked_again(meta):
            return "a full page that names no next one"
        return ""

    def _is_new(self, unit: Unit, url: object) -> bool:
        """Whether a url leads to the page after another, and to no page that was read."""
        if not isinstance(url, str) or not self.spider.is_of_site(url):
            return False
        return self._listing(unit).is_new(url, _place(unit)[1] + 1)

    def _go_on(self, unit: Unit, following: str | None, *, is_end: bool) -> None:
        number, page = _place(unit)
        if self._by_links:
            if following and not is_end:
                self._enter(Unit(self.kind, f"{number}:{page + 1}", payload=following))
            return
        listing = self._listing(unit)
        if is_end:
            listing.end_at(page)
        if not listing.is_past_end(page + _PAGES_AT_ONCE):
            self._enter(Unit(self.kind, f"{number}:{page + _PAGES_AT_ONCE}"))

    def _enter(self, *units: Unit) -> int:
        return self.spider.ledger.add(units)


def _place(unit: Unit) -> tuple[int, int]:
    """Pass and page."""
    number, page = map(int, unit.key.split(":"))
    return number, page


def _has_ids(page: CataloguePage) -> bool:
    return any(is_id(item.item_id) for item in page.items)
