"""Pages that a browser draws."""

from __future__ import annotations

from typing import Final

from scrapy import Request
from scrapy_playwright.page import PageMethod

__all__ = ["in_browser"]

_TIMEOUT_MS: Final = 20_000


def in_browser(request: Request, selector: str, timeout_ms: float = _TIMEOUT_MS) -> Request:
    """The request, to be answered by a browser once what the selector names is drawn."""
    wait = PageMethod("wait_for_selector", selector, state="attached", timeout=timeout_ms)
    request.meta.update(playwright=True, playwright_page_methods=[wait])
    return request
