"""Pages that scripts draw: a browser that loads documents, scripts and data of the site alone."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Request as BrowserRequest
from scrapy import Request
from scrapy_playwright.page import PageMethod

from scrapers.arguments import origin
from scrapers.chromium import FLAGS, installed_chromium

__all__ = ["HungBrowserError", "browser_settings", "in_browser"]

_LOADED: Final = frozenset({"document", "script", "xhr", "fetch"})
_NO_PICTURES: Final = "--blink-settings=imagesEnabled=false"  # refusing each costs more
_DRAWN_WITHIN_MS: Final = 20_000


class HungBrowserError(Exception):
    """A browser neither drew a page nor failed to, and was ended."""


def in_browser(request: Request, selector: str, timeout_ms: int = _DRAWN_WITHIN_MS) -> Request:
    """The request, its answer being the page once something matches ``selector``.

    Parameters
    ----------
    timeout_ms : after which a page counts as failed.
    """
    wait = PageMethod("wait_for_selector", selector, state="attached", timeout=timeout_ms)
    return request.replace(
        meta={**request.meta, "playwright": True, "playwright_page_methods": [wait]}
    )


def browser_settings(base_url: str, origins: frozenset[str]) -> dict[str, Any]:
    """Settings that start a browser for a crawl of a site."""
    path = installed_chromium()
    options: dict[str, Any] = {"headless": True, "args": [*FLAGS, _NO_PICTURES]}
    if path is not None:
        options["executable_path"] = path

    def is_unwanted(request: BrowserRequest) -> bool:
        return request.resource_type not in _LOADED or origin(request.url) not in origins

    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {urlsplit(base_url).scheme: handler},
        "PLAYWRIGHT_LAUNCH_OPTIONS": options,
        "PLAYWRIGHT_ABORT_REQUEST": is_unwanted,
    }
