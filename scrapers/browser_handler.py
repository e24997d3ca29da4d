"""Download handler that draws pages: contexts are recycled, and a hung browser is ended."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from playwright.async_api import Error as BrowserError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from scrapers.browser import SELECTOR, TIMEOUT_MS
from scrapers.errors import CrawlStoppingError
from scrapers.page_traffic import PageTraffic
from scrapers.retrying import tries_of
from scrapers.transport import guard

__all__ = ["BrowserHandler", "HungBrowserError"]

_LOOK_EVERY_S: Final = 0.5
_CLOSE_WITHIN_S: Final = 5.0
_CONTEXT: Final = {"accept_downloads": False, "service_workers": "block"}

_log = logging.getLogger(__name__)


class HungBrowserError(Exception):
    """A page was neither drawn nor did it fail; it was closed, or its browser ended."""


class BrowserHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # untyped
    """scrapy-playwright's handler; what asks for no browser goes out as ever."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        guard(self._pool)
        logging.getLogger("scrapy-playwright").addFilter(_without_traceback)
        settings = crawler.settings
        self._hung_after_s = settings.getfloat("BROWSER_HUNG_AFTER_S")
        self._draws_within_ms = settings.getfloat("BROWSER_DRAWS_WITHIN_MS")
        self._pages_of_context = settings.getint("BROWSER_PAGES_OF_CONTEXT")
        self._scripts: dict[str, asyncio.Task[Response]] = {}
        self._opened = 0
        self._open: Counter[str] = Counter()

    async def download_request(self, request: Request) -> Response:
        """The answer; of a page for the browser, what its scripts have drawn."""
        response: Response
        if not request.meta.get("playwright"):
            response = await super().download_request(request)
            return response
        if tries_of(request):
            self._scripts.clear()  # a bad script may be why
        traffic = PageTraffic(self._crawler, self.abort_request, self._scripts)
        context = f"pages-{self._opened // self._pages_of_context}"
        self._opened += 1
        self._open[context] += 1
        try:
            return await self._drawn(self._prepared(request, traffic, context), traffic)
        finally:
            self._open[context] -= 1
            await self._recycle(context)

    def _prepared(self, request: Request, traffic: PageTraffic, context: str) -> Request:
        timeout_ms = request.meta.get(TIMEOUT_MS) or self._draws_within_ms
        wait = PageMethod(traffic.until_drawn, request.meta[SELECTOR], timeout_ms)
        request.meta.update(
            playwright_context=context,
            playwright_context_kwargs=_CONTEXT,
            playwright_page_init_callback=traffic.attach,
            playwright_page_methods=[wait],
        )
        return request

    async def _drawn(self, request: Request, traffic: PageTraffic) -> Response:
        try:
            response = await self._watched(super().download_request(request), traffic)
        except (BrowserError, RuntimeError) as err:
            if traffic.refusal is not None:
                return traffic.refusal.replace(request=request)
            if traffic.fault is None:
                raise
            raise traffic.fault from err
        if isinstance(traffic.fault, CrawlStoppingError):
            raise traffic.fault
        return response

    async def _watched(
        self, drawing: Coroutine[Any, Any, Response], traffic: PageTraffic
    ) -> Response:
        """The page, unless nothing happens in it for too long.

        Raises
        ------
        HungBrowserError : it was closed for that, or the browser was ended.
        """
        task = asyncio.ensure_future(drawing)
        while not task.done() and traffic.idle_s < self._hung_after_s:
            await asyncio.wait({task}, timeout=min(_LOOK_EVERY_S, self._hung_after_s))
        if task.done():
            return task.result()
        task.cancel()
        if not await self._closes(traffic):
            self._kill()
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.wait_for(task, _CLOSE_WITHIN_S)
        raise HungBrowserError

    async def _closes(self, traffic: PageTraffic) -> bool:
        """Whether the page is closed, now or with its browser."""
        if traffic.page is None:
            return False
        try:
            await asyncio.wait_for(traffic.page.close(), _CLOSE_WITHIN_S)
        except BrowserError:
            return True
        except TimeoutError:
            return False
        return True

    def _kill(self) -> None:
        count = self.browser_provider.kill()
        _log.warning("the browser hangs: %d of its processes were ended, it starts anew", count)
        self.stats.inc_value("playwright/browser_killed")

    async def _recycle(self, context: str) -> None:
        """Close a context that had its share of pages, once the last of them is done."""
        current = f"pages-{self._opened // self._pages_of_context}"
        if self._open[context] or context == current:
            return
        wrapper = self.context_wrappers.get(context)
        if wrapper is not None:
            with suppress(BrowserError, TimeoutError):
                await asyncio.wait_for(wrapper.context.close(), _CLOSE_WITHIN_S)

    async def _close(self) -> None:
        """Close the browser; one that does not close is ended."""
        try:
            await asyncio.wait_for(super()._close(), 2 * _CLOSE_WITHIN_S)
        except (BrowserError, TimeoutError):
            self._kill()


def _without_traceback(record: logging.LogRecord) -> bool:
    """Shorten what is logged of each page that failed: forty lines that say nothing more."""
    record.exc_info = record.exc_text = None
    return True
