"""What goes to a host, when: one downloader that keeps rate, concurrency, pauses and robots.txt.

The rules themselves stand in `scrapers.robots` (robots.txt), `scrapers.hosts` (pauses, hosts that
are ill or refuse), `scrapers.retrying` (what is asked again), `scrapers.origins` (nothing but the
site), `scrapers.bodies` and `scrapers.transport` (caps).  Here they hold at the one place where a
request leaves, after every queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from scrapy import Request, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.asyncio import call_later
from scrapy.utils.defer import _schedule_coro

from scrapers.arguments import origin
from scrapers.errors import CrawlStoppingError, LeftAloneError
from scrapers.hosts import Host, Hosts, Manners
from scrapers.retrying import is_proof
from scrapers.robots import is_robots_request

__all__ = ["PoliteDownloader"]


class PoliteDownloader(Downloader):
    """Scrapy's downloader, which sends a request only when its host may be asked.

    Between two requests to a host lies its delay, never less; ``CRAWL_WORKERS`` processes each
    take their share.  What an answer says (Retry-After, a refusal) holds before the next request
    leaves, and what waits in a queue when rules turn is refused there.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.hosts = Hosts(Manners.from_settings(crawler.settings))
        self.hosts.changed = self._review
        stopping = getattr(crawler.spider, "stopping", None)  # SiteSpider's signal
        if stopping is not None:
            crawler.signals.connect(self._stop, signal=stopping)
        crawler.signals.connect(self._note, signal=signals.response_downloaded)

    def _process_queue(self, slot: Slot) -> None:
        """Send what may go now; come back when more may."""
        while slot.queue and slot.latercall is None:
            host = self.hosts.of(slot.queue[0][0].url)
            if self.hosts.is_stopping:
                return _refuse_all(slot, CrawlStoppingError)
            if host.left_alone is not None:
                return _refuse_all(slot, partial(LeftAloneError, host.left_alone))
            wait_s = self._wait_s(slot, host)
            if wait_s > 0:
                slot.latercall = call_later(wait_s, self._latercall, slot)
                return None
            position = self._next(slot, host)
            if position is None:
                return None
            self._send(slot, position, host)
        return None

    def _wait_s(self, slot: Slot, host: Host) -> float:
        opens_at = host.opens_at
        if not _draws(slot.queue[0][0]):
            host.delay_s = max(slot.delay, host.crawl_delay_s) * self.hosts.manners.workers
            opens_at = max(opens_at, host.sent_at + host.delay_s)
        return opens_at - time.monotonic()

    def _next(self, slot: Slot, host: Host) -> int | None:
        """Place in the queue of the first request that may go, None while none may."""
        most = 1 if host.is_failing else max(1, slot.concurrency // self.hosts.manners.workers)
        if len(slot.transferring) >= most:
            return None
        waiting = enumerate(slot.queue)
        return next((place for place, (request, _) in waiting if self._may_go(request, host)), None)

    def _may_go(self, request: Request, host: Host) -> bool:
        """Whether its host is not being put to the proof, and fresh rules let it through."""
        if is_robots_request(request):
            return True
        if host.is_proving and not is_proof(request):
            return False
        file = self.hosts.robots.get(origin(request.url))
        if file is None or file.is_fresh:
            return True
        file.refresh()
        return False

    def _send(self, slot: Slot, position: int, host: Host) -> None:
        request, answer = slot.queue[position]
        del slot.queue[position]
        if not _draws(request):
            host.sent_at = time.monotonic()
        slot.lastseen = time.monotonic()
        slot.transferring.add(request)  # at once: the task that sends it begins later
        _schedule_coro(self._wait_for_download(slot, request, answer))

    async def _download(self, slot: Slot, request: Request) -> Response:
        """Send it; a process that stood still since `_send` counts its delay from here."""
        if not _draws(request):
            self.hosts.of(request.url).sent_at = time.monotonic()
        return await super()._download(slot, request)

    def _note(self, response: Response, request: Request) -> None:
        """Take in what an answer says of its host: sent before the queue is looked at again."""
        if _draws(request):
            return
        host = self.hosts.of(request.url)
        retry_after = response.headers.get(b"Retry-After")
        if is_robots_request(request):
            host.note_pause(response.status, retry_after)
        else:
            host.note_answer(request.url, response.status, retry_after)

    def _review(self) -> None:
        """Refuse what new rules disallow, send what they let go."""
        for slot in list(self.slots.values()):
            waiting = list(slot.queue)
            slot.queue.clear()
            for request, answer in waiting:
                try:
                    self._check(request)
                except IgnoreRequest as err:
                    answer.errback(err)
                else:
                    slot.queue.append((request, answer))
            self._process_queue(slot)

    def _check(self, request: Request) -> None:
        file = self.hosts.robots.get(origin(request.url))
        if file is not None and not is_robots_request(request):
            file.check(request.url)

    def _stop(self) -> None:
        self.hosts.stop()
        for slot in list(self.slots.values()):
            _refuse_all(slot, CrawlStoppingError)


def _draws(request: Request) -> bool:
    """Whether a request is a page for the browser, which itself sends nothing."""
    return bool(request.meta.get("playwright"))


def _refuse_all(slot: Slot, make_error: Callable[[], Exception]) -> None:
    while slot.queue:
        _, answer = slot.queue.popleft()
        answer.errback(make_error())
