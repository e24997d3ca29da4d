"""Requests that failed, asked again: ever later, for hours if need be, and never in a held host.

A request is given up once it waited for as long as patience lasts, or once it was tried
``RETRY_TIMES`` more while its host answers others well.  A host that answers nothing well is held
as a whole, so that an outage costs time and not likes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import load_object

from scrapers.errors import BadAnswerError, CrawlStoppingError
from scrapers.hosts import Host, hosts_of, is_bad
from scrapers.robots import is_robots_request

__all__ = ["RetryingMiddleware", "is_proof", "retry_request", "tries_of"]

_log = logging.getLogger(__name__)
_PROOF = "likewise_proof"
_FAILED_AT = "likewise_failed_at"
_NOT_BEFORE = "likewise_not_before"
_TRIES = "likewise_tries"
_OF_ONE_TRY = (
    "download_latency",
    "redirect_times",
    "redirect_ttl",
    "redirect_urls",
    "redirect_reasons",
)


def retry_request(request: Request, reason: str, spider: Spider) -> Request | None:
    """The request once more, from where it began if it was redirected; None where it is given up.

    Parameters
    ----------
    reason : what was wrong, in words that the counts show; nothing personal.
    """
    hosts = hosts_of(spider.crawler)
    now = time.monotonic()
    tries = tries_of(request) + 1
    failed_at = request.meta.get(_FAILED_AT, now)
    is_only_this = hosts.of(request.url).well_at > failed_at
    stats = spider.crawler.stats
    is_tried_enough = tries > hosts.manners.retry_times and is_only_this
    if is_tried_enough or now - failed_at >= hosts.manners.patience_s:
        stats.inc_value("retry/max_reached")
        return None
    stats.inc_value("retry/count")
    stats.inc_value(f"retry/reason_count/{reason}")
    meta = {name: value for name, value in request.meta.items() if name not in _OF_ONE_TRY}
    meta |= {
        _TRIES: tries,
        _FAILED_AT: failed_at,
        _NOT_BEFORE: now + hosts.manners.backoff(tries),
    }
    url = request.meta.get("redirect_urls", [request.url])[0]
    return request.replace(url=url, meta=meta, dont_filter=True)


def tries_of(request: Request) -> int:
    """How many tries of a request have failed."""
    tries: int = request.meta.get(_TRIES, 0)
    return tries


def is_proof(request: Request) -> bool:
    """Whether a request only asks whether its host is well, made here."""
    return bool(request.meta.get(_PROOF))


class RetryingMiddleware:
    """Waits before what is asked again and while a host is held; retries what failed."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        settings = crawler.settings
        self._errors = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        self._proofs: dict[str, asyncio.Task[None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait for the request's own turn, then for its host's."""
        hosts = hosts_of(self._crawler)
        wait_s = request.meta.get(_NOT_BEFORE, 0.0) - time.monotonic()
        if wait_s > 0:
            await hosts.pause(wait_s)
        host = hosts.of(request.url)
        await hosts.until_open(host)
        if not is_proof(request) and not is_robots_request(request):
            while (proof := self._proofs.get(host.name)) is not None and not proof.done():
                await asyncio.shield(proof)
                await hosts.until_open(host)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """The answer; a bad one gives the request once more."""
        if not is_bad(response.status) or request.meta.get("dont_retry"):
            return response
        return await self._again(request, f"status {response.status}") or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request once more, where it was the transport that failed."""
        if not isinstance(exception, self._errors):
            return None
        if not is_robots_request(request) and not request.meta.get("playwright"):
            hosts_of(self._crawler).note_failure(request.url)
        if request.meta.get("dont_retry"):
            return None
        return await self._again(request, type(exception).__name__)

    async def _again(self, request: Request, reason: str) -> Request | None:
        """The request once more, None where it is given up.

        Raises
        ------
        LeftAloneError : the failure was one too many for the host.
        """
        hosts = hosts_of(self._crawler)
        host = hosts.of(request.url)
        host.check()
        is_last = tries_of(request) >= hosts.manners.retry_times
        if host.is_failing or (is_last and host.well_at <= request.meta[_FAILED_AT]):
            await self._prove(host)
        spider = self._crawler.spider
        if spider is None:
            raise TypeError("requests are made by a spider")
        return retry_request(request, reason, spider)

    async def _prove(self, host: Host) -> None:
        """Tell bad pages from an ill host: ask for pages that were well, until one is again.

        Meanwhile nothing else is asked of the host.  Where none of them may be asked any more,
        nothing is proven.
        """
        if not host.well_urls:
            host.well_urls.extend(self._read_before(host))
        if not host.well_urls:
            return
        proof = self._proofs.get(host.name)
        if proof is None:
            host.is_proving = True
            proof = self._proofs[host.name] = asyncio.ensure_future(self._put_to_proof(host))
            proof.add_done_callback(_retrieve)
        await asyncio.shield(proof)

    def _read_before(self, host: Host) -> list[str]:
        """Pages of a host that earlier processes of the crawl have read; none for a new crawl."""
        urls: Sequence[str] = getattr(self._crawler.spider, "urls_read_before", ())
        hosts = hosts_of(self._crawler)
        return [url for url in urls if hosts.of(url) is host]

    async def _put_to_proof(self, host: Host) -> None:
        try:
            while host.well_urls:
                await self._ask(host)
                if not host.is_failing:
                    break
        finally:
            host.is_proving = False
            del self._proofs[host.name]
            hosts_of(self._crawler).changed()

    async def _ask(self, host: Host) -> None:
        url = host.well_urls.popleft()
        meta = {"dont_retry": True, _PROOF: True}
        request = Request(url, meta=meta, callback=NO_CALLBACK, dont_filter=True)
        try:
            await self._crawler.engine.download_async(request)
        except CrawlStoppingError:
            raise
        except Exception as err:  # no good answer proves nothing
            _log.debug("%s does not answer well yet", host.name, exc_info=True)
            if isinstance(err, IgnoreRequest) and not isinstance(err, BadAnswerError):
                return  # robots.txt has turned: it is never asked for again
        host.well_urls.append(url)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Take an exception that nobody waits for."""
    if not task.cancelled():
        task.exception()
