"""What the spiders of all sites share: a checked plan, a tally, requests that end somewhere."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit

import scrapy
from playwright.async_api import Request as BrowserRequest
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from scrapers.arguments import origin
from scrapers.chromium import FLAGS, installed_chromium
from scrapers.environment import Profile
from scrapers.errors import CrawlStoppingError
from scrapers.plan import CrawlPlan, make_plan
from scrapers.records import CatalogueSource, RunStatus, Stage
from scrapers.settings import browser_handlers, fast_profile
from scrapers.tally import Tally

__all__ = ["EXIT_CODES", "PARENT_GONE", "SHUTDOWN", "STATUS_STAT", "SiteSpider", "why"]

PARENT_GONE: Final = "parent_gone"
SHUTDOWN: Final = "shutdown"
_NO_PICTURES: Final = "--blink-settings=imagesEnabled=false"  # refusing each costs more
STATUS_STAT: Final = "likewise/status"
EXIT_CODES: Final[Mapping[RunStatus, int]] = MappingProxyType(
    {RunStatus.COMPLETE: 0, RunStatus.PARTIAL: 3, RunStatus.FAILED: 1}
)


class SiteSpider(scrapy.Spider):
    """A spider that crawls one stage of one site by a plan.

    ``personal_patterns`` match what of a url names a person, for the logs.
    """

    personal_patterns: ClassVar[tuple[str, ...]] = ()
    stopping: ClassVar[object] = object()  # signal: the crawl was told to stop

    def __init__(self, plan: CrawlPlan) -> None:
        super().__init__()
        self.plan = plan
        self.tally = Tally()
        self.origins = frozenset({origin(plan.arguments.base_url), origin(plan.arguments.api_url)})

    @classmethod
    def from_crawler(cls, crawler: Crawler, *_: object, **arguments: str) -> Self:
        """Spider for ``-a`` arguments; profile and browser go into the crawler's settings.

        Raises
        ------
        ArgumentError : every fault of the plan.
        """
        spider = cls(make_plan(cls.name, arguments, os.environ))
        spider._set_crawler(crawler)
        _apply(spider.plan, spider.origins, crawler.settings)
        crawler.signals.connect(spider._count_error, signal=signals.spider_error)
        return spider

    def request(
        self, url: str, callback: Callable[..., Any], *, unit: str, **keywords: object
    ) -> Request:
        """Request of a unit's page; its failure ends the unit, named as `unit`.

        Parameters
        ----------
        keywords : for the callback.
        """
        return Request(
            url,
            callback,
            errback=self.failed,
            cb_kwargs=keywords,
            meta={"unit": unit},
            dont_filter=True,  # a unit's pages differ, and a filtered one would end nowhere
        )

    def failed(self, failure: Failure) -> None:
        """Count a unit as failed whose page could not be had; one cut off is left unended."""
        if isinstance(failure.value, CrawlStoppingError):
            return
        unit = failure.request.meta["unit"]  # type: ignore[attr-defined]  # Scrapy sets it
        self.tally.fail(why(failure), unit)

    def retried(self, response: Response, reason: str) -> Iterator[Request]:
        """The same request once more; where that was tried enough, the unit's failure."""
        request = response.request
        if request is None:
            raise ValueError("an answer without its request cannot be asked for again")
        again = get_retry_request(request, spider=self, reason=reason)
        if again is not None:
            yield again
        else:
            self.tally.fail(reason, request.meta["unit"])

    async def lazily(self, requests: Iterator[Request]) -> AsyncIterator[Request]:
        """The requests, each only once nothing else waits to be asked for.

        Units that are begun end before others begin, and few requests lie in memory.
        """
        for request in requests:
            if self.crawler.engine.needs_backout():
                await self.crawler.signals.wait_for(signals.scheduler_empty)
            yield request

    @staticmethod
    def now() -> datetime:
        """The instant that records carry."""
        return datetime.now(UTC)

    def _count_error(self, response: Response | Failure | None) -> None:
        """A callback that raised ended its unit without counting it."""
        request = getattr(response, "request", None)
        unit = request.meta.get("unit", "") if request is not None else "start"
        self.tally.fail("error in the spider", unit)


def why(failure: Failure) -> str:
    """Reason of a failed request, without its url."""
    error = failure.value
    if isinstance(error, HttpError):
        return f"status {error.response.status}"
    if isinstance(error, IgnoreRequest):
        return str(error)
    return type(error).__name__


def _apply(plan: CrawlPlan, origins: frozenset[str], settings: BaseSettings) -> None:
    chosen: dict[str, Any] = {"USER_AGENT": plan.user_agent}
    if plan.settings.profile is Profile.FAST:
        chosen |= fast_profile()
    asked = plan.arguments
    if asked.stage is Stage.CATALOGUE and asked.catalogue is CatalogueSource.BROWSER:
        chosen |= _browser(asked.base_url, origins)
    for name, value in chosen.items():
        settings.set(name, value, priority="spider")


def _browser(base_url: str, origins: frozenset[str]) -> dict[str, Any]:
    """Settings that start a browser, which loads documents, scripts and data of the site only."""
    path = installed_chromium()
    options: dict[str, Any] = {"headless": True, "args": [*FLAGS, _NO_PICTURES]}
    if path is not None:
        options["executable_path"] = path
    allowed = {"document", "script", "xhr", "fetch"}

    def is_unwanted(request: BrowserRequest) -> bool:
        return request.resource_type not in allowed or origin(request.url) not in origins

    return {
        "DOWNLOAD_HANDLERS": browser_handlers(urlsplit(base_url).scheme),
        "PLAYWRIGHT_LAUNCH_OPTIONS": options,
        "PLAYWRIGHT_ABORT_REQUEST": is_unwanted,
    }
