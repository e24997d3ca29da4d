"""What one page of a browser loads, asked for by the crawl's own downloader."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from playwright.async_api import Error as BrowserError
from playwright.async_api import Page, Route
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import TimeoutError as BrowserTimeoutError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from scrapers.arguments import same_page
from scrapers.errors import BadAnswerError, CrawlStoppingError

__all__ = ["PageTraffic"]

_log = logging.getLogger(__name__)

_MOST_LOADS: Final = 64  # of a page; a grid has three
_MOST_SCRIPTS: Final = 32  # kept for further pages
_SENT_ON: Final[tuple[str, ...]] = ("accept", "content-type", "x-requested-with")
_HANDED_ON: Final = ("Content-Type", "Content-Security-Policy", "Access-Control-Allow-Origin")
_SHOWN: Final = ("text/", "application/xhtml+xml", "application/json")


class PageTraffic:
    """Loads of one page.

    ``fault`` is why the document failed, or what ends the crawl; ``refusal`` is the answer where
    it is no page to draw, but an error say.

    Parameters
    ----------
    scripts : scripts that pages of this crawl have loaded or are loading, by url.
    """

    def __init__(
        self,
        crawler: Crawler,
        is_unwanted: Callable[[BrowserRequest], bool],
        scripts: MutableMapping[str, asyncio.Task[Response]],
    ) -> None:
        self.page: Page | None = None
        self.fault: Exception | None = None
        self.refusal: Response | None = None
        self._crawler = crawler
        self._is_unwanted = is_unwanted
        self._scripts = scripts
        self._loads = 0
        self._pending = 0
        self._busy_at = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the page last loaded anything; 0 while it does."""
        return 0.0 if self._pending else time.monotonic() - self._busy_at

    async def attach(self, page: Page, request: Request) -> None:
        """See to all that a page loads from now on."""
        del request
        self.page = page
        self._busy_at = time.monotonic()
        await page.route("**", self._answer)

    async def until_drawn(self, page: Page, selector: str, timeout_ms: float) -> None:
        """Wait for an element.

        Raises
        ------
        BrowserTimeoutError : the page drew for longer than the timeout, and loaded nothing.
        """
        while True:
            try:
                await page.wait_for_selector(selector, state="attached", timeout=timeout_ms)
            except BrowserTimeoutError:
                if self.idle_s * 1000 >= timeout_ms:
                    raise
            else:
                return

    async def _answer(self, route: Route) -> None:
        asked = route.request
        if self._is_unwanted(asked) or self._loads >= _MOST_LOADS:
            await _quietly(route.fallback())  # to scrapy-playwright, which refuses it by the rule
            return
        self._loads += 1
        try:
            response = await self._awaited(asked)
        except Exception as err:  # whatever it was, the page must hear of it
            if self._is_document(asked) or isinstance(err, CrawlStoppingError):
                self.fault = err
            elif isinstance(err, IgnoreRequest) and not isinstance(err, BadAnswerError):
                _log.info("a page may not load %s: %s", asked.url, err)
            await _quietly(route.abort())
        else:
            await self._hand_on(route, response)

    async def _awaited(self, asked: BrowserRequest) -> Response:
        """A load; the browser, which may hang, has no part in the time that it takes."""
        self._pending += 1
        try:
            return await self._load(asked)
        finally:
            self._pending -= 1
            self._busy_at = time.monotonic()

    def _is_document(self, asked: BrowserRequest) -> bool:
        """Whether a load is the page itself, and no page inside it."""
        with suppress(BrowserError):  # a page inside it that has no frame yet
            is_main = self.page is not None and asked.frame == self.page.main_frame
            return asked.is_navigation_request() and is_main
        return False

    async def _load(self, asked: BrowserRequest) -> Response:
        """What the page asks for; a script is loaded once for all pages."""
        if asked.resource_type != "script":
            return await self._ask(asked)
        loading = self._scripts.get(asked.url)
        if loading is None:
            loading = self._scripts[asked.url] = asyncio.ensure_future(self._ask(asked))
        try:
            response = await asyncio.shield(loading)
            is_well = response.status == HTTPStatus.OK
        except Exception:
            is_well = False
            raise
        finally:
            if not is_well or len(self._scripts) > _MOST_SCRIPTS:
                self._scripts.pop(asked.url, None)
        return response

    async def _ask(self, asked: BrowserRequest) -> Response:
        headers: dict[str, str] = {
            name: asked.headers[name] for name in _SENT_ON if name in asked.headers
        }
        request = Request(
            asked.url,
            method=asked.method,
            headers=headers,
            body=asked.post_data_buffer or b"",
            meta={"dont_retry": True},  # the page as a whole is what is tried again
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        response: Response = await self._crawler.engine.download_async(request)
        if not same_page(asked.url, response.url):
            raise BadAnswerError("redirects to another page")
        return response

    async def _hand_on(self, route: Route, response: Response) -> None:
        headers = {
            name: value.decode("latin-1")
            for name in _HANDED_ON
            if (value := response.headers.get(name)) is not None
        }
        if self._is_document(route.request):
            if response.status != HTTPStatus.OK:
                self.refusal = response
                await _quietly(route.abort())
                return
            if not headers.get("Content-Type", "").startswith(_SHOWN):
                headers["Content-Type"] = "text/html"  # anything else would be a download
        handed = route.fulfill(status=response.status, headers=headers, body=response.body)
        await _quietly(handed)


async def _quietly(step: object) -> None:
    """Take a step with a page that may have been closed meanwhile."""
    with suppress(BrowserError):
        await step  # type: ignore[misc]
