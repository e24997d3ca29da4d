"""A bare spider: asks for the pages that a file lists, in that order, and keeps nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.http import Response

__all__ = ["BareSpider"]


class BareSpider(scrapy.Spider):
    """Asks for every url of ``-a urls=FILE`` below ``-a base_url=...``."""

    name = "bare"
    base_url = ""
    urls = ""

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for path in json.loads(Path(self.urls).read_text()):
            yield scrapy.Request(self.base_url + path, dont_filter=True)

    def parse(self, response: Response, **_: Any) -> None:
        """Keep nothing of a page."""
