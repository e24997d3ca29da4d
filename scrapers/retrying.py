"""Requests that failed, asked again: ever later, for hours if need be, and never in a held host.

A request is given up once it waited for as long as patience lasts, or once it failed more than
``RETRY_TIMES`` times by itself: each time after its host had answered something well.  Where
nothing else is asked of the host, a page that was well is.  So an outage costs time and not likes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from math import inf
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
_TRIES = "likewise_tries"
_OWN_FAILURES = "likewise_own_failures"
_FIRST_FAILED_AT = "likewise_first_failed_at"
_UNANSWERED_AT = "likewise_unanswered_at"
_IS_VOUCHED = "likewise_is_vouched"
_NOT_BEFORE = "likewise_not_before"
_MOST_ASKED = 12  # times in a row; then what failed is asked itself, for pages may turn bad
_OF_ONE_TRY = (
    "download_latency",
    "redirect_times",
    "redirect_ttl",
    "redirect_urls",
    "redirect_reasons",
    _UNANSWERED_AT,
)


def retry_request(request: Request, reason: str, spider: Spider) -> Request | None:
    """The request once more, from where it began if it was redirected; None where it is given up.

    For answers that came whole but are no good.

    Parameters
    ----------
    reason : what was wrong, in words that the counts show; nothing personal.
    """
    return _retry(request, reason, spider, is_own=True)


def _retry(request: Request, reason: str, spider: Spider, *, is_own: bool) -> Request | None:
    """The request once more; its failure counts where it is its own, and not its host's."""
    manners = hosts_of(spider.crawler).manners
    now = time.monotonic()
    tries = tries_of(request) + 1
    own_failures = request.meta.get(_OWN_FAILURES, 0) + is_own
    first_failed_at = request.meta.get(_FIRST_FAILED_AT, now)
    stats = spider.crawler.stats
    if own_failures > manners.retry_times or now - first_failed_at >= manners.patience_s:
        stats.inc_value("retry/max_reached")
        return None
    stats.inc_value("retry/count")
    stats.inc_value(f"retry/reason_count/{reason}")
    meta = {name: value for name, value in request.meta.items() if name not in _OF_ONE_TRY}
    meta |= {
        _TRIES: tries,
        _OWN_FAILURES: own_failures,
        _FIRST_FAILED_AT: first_failed_at,
        _NOT_BEFORE: now + manners.backoff(tries),
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
        self._proofs: dict[str, asyncio.Task[bool]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait for the request's own turn, then for its host's.

        What failed is not asked again before its host has answered something well.
        """
        hosts = hosts_of(self._crawler)
        host = hosts.of(request.url)
        wait_s = request.meta.get(_NOT_BEFORE, 0.0) - time.monotonic()
        if wait_s > 0:
            await hosts.pause(wait_s)
        await hosts.until_open(host)
        if is_proof(request) or is_robots_request(request):
            return
        failed_at = request.meta.get(_UNANSWERED_AT)
        is_well = True
        while is_well and (
            host.is_proving or (failed_at is not None and host.well_at <= failed_at)
        ):
            is_well = await self._prove(host)
            await hosts.until_open(host)
        request.meta[_IS_VOUCHED] = host.well_at > (-inf if failed_at is None else failed_at)

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
        hosts_of(self._crawler).of(request.url).check()
        spider = self._crawler.spider
        if spider is None:
            raise TypeError("requests are made by a spider")
        again = _retry(request, reason, spider, is_own=request.meta.get(_IS_VOUCHED, False))
        if again is not None:
            again.meta[_UNANSWERED_AT] = time.monotonic()
        return again

    async def _prove(self, host: Host) -> bool:
        """Tell bad pages from an ill host: ask for pages that were well, until one is again.

        Meanwhile nothing else is asked of the host.  Whether it was found well.
        """
        if not host.well_urls:
            host.well_urls.extend(self._read_before(host))
        proof = self._proofs.get(host.name)
        if proof is None:
            host.is_proving = True
            proof = self._proofs[host.name] = asyncio.ensure_future(self._put_to_proof(host))
            proof.add_done_callback(_retrieve)
        return await asyncio.shield(proof)

    def _read_before(self, host: Host) -> list[str]:
        """Pages of a host that earlier processes of the crawl have read; none for a new crawl."""
        urls: Sequence[str] = getattr(self._crawler.spider, "urls_read_before", ())
        hosts = hosts_of(self._crawler)
        return [url for url in urls if hosts.of(url) is host]

    async def _put_to_proof(self, host: Host) -> bool:
        begun, hosts = time.monotonic(), hosts_of(self._crawler)
        try:
            for asked in range(1, _MOST_ASKED + 1):
                if host.well_urls:
                    await self._ask(host)
                if not host.well_urls or host.well_at >= begun:
                    break
                await hosts.pause(hosts.manners.backoff(asked))
        finally:
            host.is_proving = False
            del self._proofs[host.name]
            hosts.changed()
        return host.well_at >= begun

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
        if url not in host.well_urls:
            host.well_urls.append(url)


def _retrieve(task: asyncio.Task[bool]) -> None:
    """Take an exception that nobody waits for."""
    if not task.cancelled():
        task.exception()
