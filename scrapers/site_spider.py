"""What the spiders of all sites share: a plan, units of work, requests that end somewhere."""

from __future__ import annotations

import asyncio
import logging
import os
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

import scrapy
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from scrapers.arguments import origin, same_page
from scrapers.browser import browser_settings
from scrapers.counts import Count
from scrapers.environment import Profile
from scrapers.errors import CrawlStoppingError, LedgerError, LeftAloneError
from scrapers.ledger import Ledger, ledger_url
from scrapers.pages import CataloguePage, DirectoryPage, LikesOfPage
from scrapers.plan import CrawlPlan, make_plan
from scrapers.records import (
    CatalogueSource,
    FeatureRecord,
    ItemRecord,
    Key,
    LandedUnit,
    LikesPage,
    RunStatus,
    SiteRecord,
    Stage,
    UnitState,
    load_or_create_key,
)
from scrapers.retrying import retry_request
from scrapers.settings import fast_profile
from scrapers.stages import make_stage
from scrapers.tally import Tally
from scrapers.units import EndedUnit, Unit
from scrapers.work import Work

__all__ = [
    "EXIT_CODES",
    "FINISHED",
    "LEFT_ALONE",
    "PARENT_GONE",
    "SHUTDOWN",
    "STATUS_STAT",
    "SiteSpider",
    "open_ledger",
    "why",
]

FINISHED: Final = "finished"
LEFT_ALONE: Final = "left_alone"
PARENT_GONE: Final = "parent_gone"
SHUTDOWN: Final = "shutdown"
STATUS_STAT: Final = "likewise/status"
EXIT_CODES: Final[Mapping[RunStatus, int]] = MappingProxyType(
    {RunStatus.COMPLETE: 0, RunStatus.PARTIAL: 3, RunStatus.FAILED: 1}
)


_log = logging.getLogger(__name__)


class SiteSpider(scrapy.Spider):
    """A spider that crawls one stage of one site by a plan.

    A site gives urls and reads pages; which pages are asked for, and when a list has been read,
    is the stage's matter.  ``personal_patterns`` match what of a url names a person, for the
    logs.
    """

    personal_patterns: ClassVar[tuple[str, ...]] = ()
    grid_ready: ClassVar[str] = ""  # selector of what stands in a page of the grid once drawn
    page_rows: ClassVar[int] = 0  # of a full page of likers
    stopping: ClassVar[object] = object()  # signal: the crawl was told to stop

    def __init__(self, plan: CrawlPlan, ledger: Ledger, key: Key) -> None:
        super().__init__()
        self.plan = plan
        self.ledger = ledger
        self.key = key
        self.tally = Tally()
        self.origins = frozenset({origin(plan.arguments.base_url), origin(plan.arguments.api_url)})
        self.sink: Callable[[EndedUnit], None] = lambda _: None
        self.land: Callable[[], None] = lambda: None
        self.broken: Callable[[Exception], None] = lambda _: None
        self.stage = make_stage(self)
        self.work = Work(
            ledger,
            self.stage,
            is_quiet=self._is_quiet,
            give_up=self._give_up,
            rest=self._rest,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler, *_: object, **arguments: str) -> Self:
        """Spider for ``-a`` arguments; profile and browser go into the crawler's settings.

        Raises
        ------
        ArgumentError : every fault of the plan.
        LedgerError : the ledger cannot be used.
        KeyFault : the secret of the pseudonyms cannot be used.
        """
        plan = make_plan(cls.name, arguments, os.environ)
        lease_s = crawler.settings.getfloat("LEDGER_LEASE_S")
        key = load_or_create_key(plan.settings.key_path, plan.settings.data)
        spider = cls(plan, open_ledger(plan, lease_s), key)
        spider._set_crawler(crawler)
        _apply(spider.plan, spider.origins, crawler.settings)
        crawler.signals.connect(spider.work.stop, signal=cls.stopping)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """The site's record, then the requests with which units begin.

        A unit begins only once nothing else waits to be asked for: those that are begun end
        before others begin, and few requests lie in memory.
        """
        yield self.site_record()
        try:
            self.stage.prepare()
            async for unit in self.work.units():
                while self.crawler.engine.needs_backout() and not self.work.is_stopped:
                    await self.crawler.signals.wait_for(signals.scheduler_empty)
                yield self.stage.request(unit)
        except LedgerError as err:
            self.broken(err)

    @abstractmethod
    def site_record(self) -> SiteRecord:
        """What only the spider knows of its site."""

    @property
    @abstractmethod
    def listing_url(self) -> str:
        """First page of the catalogue as JSON, most liked first."""

    @property
    @abstractmethod
    def directory_urls(self) -> Sequence[str]:
        """First pages of what names users."""

    @abstractmethod
    def grid_url(self, page: int) -> str:
        """A numbered page of the catalogue, which scripts draw in a browser."""

    @abstractmethod
    def read_catalogue(self, response: Response) -> CataloguePage | None:
        """Items of a page of the catalogue; None where it is no such page."""

    @abstractmethod
    def likers_url(self, item_id: str, offset: int) -> str:
        """Who likes an item, from an offset on."""

    @abstractmethod
    def read_likers(self, response: Response) -> LikesOfPage | None:
        """Who likes an item; None where it is no such page."""

    @abstractmethod
    def liked_url(self, user_handle: str) -> str:
        """First page of what a user likes."""

    @abstractmethod
    def read_liked(self, response: Response) -> LikesOfPage | None:
        """What a user likes; None where it is no such page."""

    @abstractmethod
    def read_directory(self, response: Response) -> DirectoryPage | None:
        """Users whom a page names; None where it is no such page."""

    @abstractmethod
    def features_url(self, item_id: str) -> str:
        """What the site says of an item."""

    @abstractmethod
    def read_features(self, response: Response, item_id: str) -> FeatureRecord | None:
        """Features of an item; None where the page is not the item's."""

    def request(
        self,
        url: str,
        callback: Callable[..., Any],
        unit: Unit,
        *,
        handled: Sequence[HTTPStatus] = (),
        **keywords: object,
    ) -> Request:
        """Request of a unit's page, whose failure ends the unit; another page is no answer.

        Parameters
        ----------
        handled : statuses besides 200 that the callback looks at.
        keywords : for the callback.
        """
        return Request(
            url,
            self.answered,
            errback=self.failed,
            cb_kwargs={"callback": callback, "unit": unit, **keywords},
            meta={"unit": unit, "handle_httpstatus_list": list(handled)},
            dont_filter=True,  # a unit's pages differ, and a filtered one would end nowhere
        )

    def answered(
        self, response: Response, callback: Callable[..., Any], unit: Unit, **keywords: object
    ) -> Iterator[Any]:
        """What the callback makes of the page that was asked for; a redirect may give another."""
        hops: Sequence[str] = response.meta.get("redirect_urls", ())
        try:
            if hops and not same_page(hops[0], response.url):
                yield from self.retried(response, "redirects to another page")
            else:
                yield from callback(response, unit, **keywords)
        except LedgerError as err:
            self.broken(err)

    def end(
        self,
        unit: Unit,
        state: UnitState,
        records: tuple[ItemRecord | LikesPage | FeatureRecord, ...] = (),
        *,
        read: int = 0,
        announced: Count | None = None,
        whole: bool = False,
        why: str | None = None,
        known: bytes = b"",
    ) -> EndedUnit:
        """The end of a unit, for a callback to hand on with the unit's records."""
        self.work.close(unit)
        low = None if announced is None else announced.low
        ended_at = self.now().isoformat()
        landed = LandedUnit(unit.kind, unit.key, state, read, low, whole, ended_at, why)
        return EndedUnit(landed, records, announced, known, is_claimed=unit.attempts > 0)

    def failed(self, failure: Failure) -> Iterator[EndedUnit]:
        """End a unit whose page cannot be had; one that was cut off is left for the next crawl."""
        if isinstance(failure.value, LeftAloneError):
            self.leave(str(failure.value))
        elif not isinstance(failure.value, CrawlStoppingError):
            request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
            yield self.stage.given_up(request, why(failure))

    def retried(self, response: Response, reason: str) -> Iterator[Request | EndedUnit]:
        """The same request once more; where that was tried enough, the unit's end."""
        request = response.request
        if request is None:
            raise ValueError("an answer without its request cannot be asked for again")
        again = retry_request(request, reason, self)
        yield self.stage.given_up(request, reason) if again is None else again

    @cached_property
    def urls_read_before(self) -> Sequence[str]:
        """A few pages that the crawl has read before, to tell whether the site is well."""
        try:
            return self.stage.urls_read_before()
        except LedgerError as err:
            self.broken(err)
            return ()

    def leave(self, reason: str) -> None:
        """End the crawl, because the site wants or needs to be left alone; what is left waits."""
        if not self.work.is_stopped:
            self.work.stop()
            self.tally.counts[f"left alone: {reason}"] += 1
            _log.error("The crawl ends: %s", reason)
            self.close_early(LEFT_ALONE)

    def close_early(self, reason: str) -> None:
        """Wait for answers under way and for no pause, which may take hours, then close."""
        self.crawler.signals.send_catch_log(self.stopping)
        closing = self.crawler.engine.close_spider_async(reason=reason)
        self._closing = asyncio.ensure_future(closing)

    def is_of_site(self, url: str) -> bool:
        """Whether a url leads to the site; what is no url leads nowhere."""
        try:
            return origin(url) in self.origins
        except ValueError:
            return False

    def settle(self) -> None:
        """Compare what can be compared once the crawl has come to its own end."""
        self.stage.settle()

    @staticmethod
    def now() -> datetime:
        """The instant that records carry."""
        return datetime.now(UTC)

    def _is_quiet(self) -> bool:
        """Whether nothing is under way: not asked for, not queued, not being read."""
        engine = self.crawler.engine
        scraping, scheduler = engine.scraper.slot, engine.scheduler
        return not (
            engine.downloader.active
            or (scraping is not None and not scraping.is_idle())
            or (scheduler is not None and scheduler.has_pending_requests())
        )

    def _rest(self) -> None:
        self.land()

    def _give_up(self, unit: Unit, reason: str) -> None:
        self.sink(self.end(unit, UnitState.FAILED, why=reason))


def open_ledger(plan: CrawlPlan, lease_s: float = 120.0) -> Ledger:
    """Ledger of a plan's crawl, as this process sees it.

    Raises
    ------
    LedgerError : it cannot be opened or made.
    """
    asked = plan.arguments
    return Ledger.open(
        ledger_url(plan.settings.data, plan.site, plan.settings.ledger_url),
        site=plan.site,
        crawl_id=asked.run_id,
        owner=f"{asked.landing_id}/{asked.stage}",
        lease_s=lease_s,
    )


def why(failure: Failure) -> str:
    """Reason of a failed request, without its url."""
    error = failure.value
    if isinstance(error, HttpError):
        return f"status {error.response.status}"
    if isinstance(error, IgnoreRequest):
        return str(error)
    return type(error).__name__


def _apply(plan: CrawlPlan, origins: frozenset[str], settings: BaseSettings) -> None:
    asked = plan.arguments
    chosen: dict[str, Any] = {"USER_AGENT": plan.user_agent, "CRAWL_WORKERS": asked.worker.of}
    if plan.settings.profile is Profile.FAST:
        chosen |= fast_profile()
    if plan.settings.patience_h is not None:
        chosen["PATIENCE_S"] = plan.settings.patience_h * 3600
    if asked.stage is Stage.CATALOGUE and asked.catalogue is CatalogueSource.BROWSER:
        chosen |= browser_settings(asked.base_url, origins)
    for name, value in chosen.items():
        settings.set(name, value, priority="spider")
