"""Extension: a crawl that is told to stop lands what it has and is gone.

Under Dagster, the death of the process that started it tells it so; by hand a crawl may outlive
its shell.  Scrapy waits for every request that it has begun or queued: minutes, on a slow site.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from typing import Final, Self

from dagster_pipes import DAGSTER_PIPES_CONTEXT_ENV_VAR
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from scrapers.errors import CrawlStoppingError
from scrapers.records import RunStatus
from scrapers.site_spider import EXIT_CODES, PARENT_GONE, SHUTDOWN, STATUS_STAT, SiteSpider

__all__ = ["Stopping"]

_CHECK_INTERVAL_S: Final = 0.25
_PARENT_INTERVAL_S: Final = 1.0

_log = logging.getLogger(__name__)


class Stopping:
    """Watches for the end that is asked for, and sees to it within ``STOP_GRACE_S``."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._grace_s = crawler.settings.getfloat("STOP_GRACE_S")
        self._parent = os.getppid()
        self._asked_at: float | None = None
        self._reason = SHUTDOWN
        self._loops = [(create_looping_call(self._check), _CHECK_INTERVAL_S)]
        if DAGSTER_PIPES_CONTEXT_ENV_VAR in os.environ:
            parent = create_looping_call(self._check_parent)
            self._loops.append((parent, _PARENT_INTERVAL_S))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Extension that watches from the first request to the last."""
        extension = cls(crawler)
        crawler.signals.connect(extension._start, signal=signals.engine_started)
        crawler.signals.connect(extension._stop, signal=signals.engine_stopped)
        return extension

    def _start(self) -> None:
        for loop, interval_s in self._loops:
            loop.start(interval_s, now=False)

    def _stop(self) -> None:
        for loop, _ in self._loops:
            if loop.running:
                loop.stop()

    def _check_parent(self) -> None:
        if os.getppid() != self._parent and self._asked_at is None:
            _log.warning("the process that started this crawl is gone: stopping")
            self._reason = PARENT_GONE
            self._begin()
            closing = self._crawler.engine.close_spider_async(reason=PARENT_GONE)
            self._closing = asyncio.ensure_future(closing)

    def _check(self) -> None:
        if self._asked_at is None and not self._crawler.crawling:
            self._begin()
        if self._asked_at is not None and time.monotonic() - self._asked_at > self._grace_s:
            self._leave()

    def _begin(self) -> None:
        """Drop what waits for its turn, so that only answers under way are waited for."""
        self._asked_at = time.monotonic()
        self._crawler.signals.send_catch_log(SiteSpider.stopping)
        for slot in self._crawler.engine.downloader.slots.values():
            while slot.queue:
                _, answer = slot.queue.popleft()
                answer.errback(CrawlStoppingError())

    def _leave(self) -> None:
        """Land, report and end the process: something under way does not come to an end."""
        _log.warning("answers are still under way after %.0f s: left behind", self._grace_s)
        self._stop()
        spider = self._crawler.spider
        send = self._crawler.signals.send_catch_log
        send(signals.spider_closed, spider=spider, reason=self._reason)
        send(signals.engine_stopped)
        status = self._crawler.stats.get_value(STATUS_STAT, RunStatus.FAILED.value)
        logging.shutdown()
        sys.stderr.flush()
        os._exit(EXIT_CODES[RunStatus(status)])
