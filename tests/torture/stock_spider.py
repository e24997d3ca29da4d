"""The spider that a tutorial would write: reads the listing, then who likes each model.

Run by ``scrapy runspider`` outside of the project, so that Scrapy's own defaults hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import scrapy
from scrapy.http import Response

__all__ = ["StockSpider"]

COUNT = 24


class StockSpider(scrapy.Spider):
    """Follows ``next`` wherever there is one."""

    name = "stock"
    base_url = ""  # -a base_url=...

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield scrapy.Request(f"{self.base_url}/v3/models?sort_by=-likeCount&count={COUNT}")

    def parse(self, response: Response, **_: Any) -> Iterator[scrapy.Request]:
        page = response.json()
        for model in page["results"]:
            query = f"model={quote(model['uid'], safe='')}&count={COUNT}&offset=0"
            yield scrapy.Request(
                f"{self.base_url}/i/likes?{query}",
                callback=self.parse_likes,
                cb_kwargs={"item_id": model["uid"]},
            )
        if page["next"]:
            yield response.follow(page["next"])

    def parse_likes(self, response: Response, item_id: str) -> Iterator[Any]:
        page = response.json()
        for row in page["results"]:
            yield {"user_handle": row["uid"], "item_id": item_id}
        if page["next"]:
            yield response.follow(
                page["next"], callback=self.parse_likes, cb_kwargs={"item_id": item_id}
            )
