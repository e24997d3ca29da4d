"""Pages that scripts draw: requests for a browser, and the settings that start one.

The browser itself has no network.  What its pages load (documents, scripts and data of the site)
goes through the crawl's own downloader, where robots.txt, rate, pauses and caps hold, and is
handed to the page: `scrapers.page_traffic`.  `scrapers.browser_handler` looks after the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Request as BrowserRequest
from scrapy import Request

from scrapers.arguments import origin
from scrapers.chromium import installed_chromium, is_sandboxed, launch_flags

__all__ = [
    "BROWSER_SLOT",
    "SELECTOR",
    "TIMEOUT_MS",
    "browser_settings",
    "in_browser",
    "refuses_all_but",
]

BROWSER_SLOT: Final = "browser"  # of pages being drawn; what they load has its host's slot
SELECTOR: Final = "likewise_selector"
TIMEOUT_MS: Final = "likewise_timeout_ms"

_LOADED: Final = frozenset({"document", "script", "xhr", "fetch"})
_PROVIDER: Final = "scrapers.browser_process.MarkedBrowserProvider"
_PLAIN: Final = "scrapers.transport.HttpHandler"
_HANDLER: Final = "scrapers.browser_handler.BrowserHandler"


def in_browser(request: Request, selector: str, timeout_ms: float | None = None) -> Request:
    """The request, to be answered by a browser once something matches the selector.

    Parameters
    ----------
    timeout_ms : how long a page may draw, the time in which it loads something not counted; by
        default the setting ``BROWSER_DRAWS_WITHIN_MS``.
    """
    request.meta.update(
        {
            "playwright": True,
            "download_slot": BROWSER_SLOT,
            "autothrottle_dont_adjust_delay": True,
            SELECTOR: selector,
            TIMEOUT_MS: timeout_ms,
        }
    )
    return request


def browser_settings(base_url: str, origins: frozenset[str]) -> dict[str, Any]:
    """Settings of a crawl that needs a browser, which loads what is of the origins alone."""
    path = installed_chromium()
    options: dict[str, Any] = {
        "headless": True,
        "args": [*launch_flags()],
        "chromium_sandbox": is_sandboxed(),
    }
    if path is not None:
        options["executable_path"] = path
    return {
        "DOWNLOAD_HANDLERS": {"http": _PLAIN, "https": _PLAIN, urlsplit(base_url).scheme: _HANDLER},
        "PLAYWRIGHT_LAUNCH_OPTIONS": options,
        "PLAYWRIGHT_BROWSER_PROVIDER": _PROVIDER,
        "PLAYWRIGHT_ABORT_REQUEST": refuses_all_but(origins),
    }


def refuses_all_but(origins: frozenset[str]) -> Callable[[BrowserRequest], bool]:
    """Whether a page may not load something: no document, script or data, or not of the site."""

    def is_unwanted(request: BrowserRequest) -> bool:
        return request.resource_type not in _LOADED or origin(request.url) not in origins

    return is_unwanted
