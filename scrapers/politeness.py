"""Downloader middlewares: one origin, robots.txt that fails closed, Retry-After obeyed."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import BaseSettings

from scrapers.arguments import origin
from scrapers.errors import CrawlStoppingError
from scrapers.site_spider import SiteSpider

__all__ = ["OriginMiddleware", "RetryAfterMiddleware", "RobotsMiddleware", "retry_after_s"]

_log = logging.getLogger(__name__)


class OriginMiddleware:
    """Refuses every request, redirects included, that leaves the scheme, hosts and ports given."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware for the origins of the spider."""
        return cls(_spider(crawler).origins)

    def process_request(self, request: Request) -> None:
        """Pass, or raise `IgnoreRequest`."""
        if origin(request.url) not in self._origins:
            raise IgnoreRequest("leads off the site")


class RobotsMiddleware:
    """Obeys robots.txt as RFC 9309 says: one that cannot be had disallows everything.

    Scrapy's own takes an error for leave.  A status of 400 to 499 other than 429 means that
    there are no rules.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._user_agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._rules: dict[str, asyncio.Task[ProtegoRobotParser | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware that asks through the crawler's own engine."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Pass, or raise `IgnoreRequest`."""
        if request.meta.get("is_robots_txt"):
            return
        site = origin(request.url)
        task = self._rules.get(site)
        if task is None:
            task = self._rules[site] = asyncio.ensure_future(self._fetch(site))
        rules = task.result() if task.done() else await asyncio.shield(task)
        if rules is None:
            raise IgnoreRequest("robots.txt cannot be had, so nothing may be fetched")
        if not rules.allowed(request.url, self._user_agent):
            raise IgnoreRequest("robots.txt disallows it")

    async def _fetch(self, site: str) -> ProtegoRobotParser | None:
        """Rules of a site; None where everything is disallowed because nobody knows."""
        request = Request(
            f"{site}/robots.txt",
            priority=1_000,
            meta={"is_robots_txt": True},
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as err:  # whatever it was: unreachable
            self._tell(site, type(err).__name__)
            return None
        status = response.status
        if status != HTTPStatus.OK and not _is_absent(status):
            self._tell(site, f"status {status}")
            return None
        body = response.body if status == HTTPStatus.OK else b""
        return ProtegoRobotParser.from_crawler(self._crawler, body)

    def _tell(self, site: str, why: str) -> None:
        _log.error(
            "%s/robots.txt cannot be had (%s): nothing is fetched from there; try again once it "
            "answers",
            site,
            why,
        )


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's retries, and a host that asks for a pause with 429 or 503 gets it.

    A host that asks for more than ``RETRY_AFTER_MAX_S`` is not asked again in this crawl.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._held_until: dict[str, float] = {}
        self._given_up: set[str] = set()
        self._stopping = asyncio.Event()
        self._max_s = settings.getfloat("RETRY_AFTER_MAX_S")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware whose pauses end when the crawl is told to stop."""
        middleware = super().from_crawler(crawler)
        crawler.signals.connect(middleware.end_pauses, signal=SiteSpider.stopping)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Wait while the host is to be left alone; refuse what would wait too long."""
        host = urlsplit(request.url).netloc
        if host in self._given_up:
            raise IgnoreRequest("the site asked for a longer pause than is waited for")
        while self._held_until and (left := self._held_until.get(host, 0) - time.monotonic()) > 0:
            if await self._is_stopped_within(left):
                raise CrawlStoppingError

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """Hold the host if it says so; retry what may succeed later."""
        del spider  # Scrapy is about to drop it
        if response.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            wait = retry_after_s(response.headers.get(b"Retry-After"), datetime.now(UTC))
            host = urlsplit(request.url).netloc
            if wait is not None and wait > self._max_s:
                self._give_up(host, wait)
                return response
            if wait:
                until = time.monotonic() + wait
                self._held_until[host] = max(until, self._held_until.get(host, 0))
        return super().process_response(request, response)

    def _give_up(self, host: str, wait_s: float) -> None:
        if host not in self._given_up:
            self._given_up.add(host)
            told = "%s asks for a pause of %.0f s, more than %.0f s: it is left alone; crawl later"
            _log.error(told, host, wait_s, self._max_s)

    def end_pauses(self) -> None:
        """Refuse, from now on, what would have to wait."""
        self._stopping.set()

    async def _is_stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


def retry_after_s(header: bytes | None, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, in either form; None without one that makes sense."""
    text = (header or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())


def _is_absent(status: int) -> bool:
    return status in range(400, 500) and status != HTTPStatus.TOO_MANY_REQUESTS


def _spider(crawler: Crawler) -> SiteSpider:
    spider = crawler.spider
    if not isinstance(spider, SiteSpider):
        raise TypeError(f"{type(spider).__name__} is no SiteSpider")
    return spider
