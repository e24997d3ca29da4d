"""Plays engine and site to a spider: whole crawls in one process and in milliseconds."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import polars as pl
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.statscollectors import StatsCollector
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from scrapers.arguments import CrawlArguments, Worker
from scrapers.environment import CrawlSettings
from scrapers.hosts import Hosts, Manners
from scrapers.landing import LandingPipeline
from scrapers.ledger import Ledger
from scrapers.parts import TableWriter
from scrapers.plan import CrawlPlan
from scrapers.records import (
    CatalogueSource,
    Key,
    Mode,
    RawTable,
    RunStatus,
    Side,
    Stage,
    UnitState,
    listed_parts,
)
from scrapers.site_spider import FINISHED, open_ledger
from scrapers.spiders.sketchfab import SketchfabSpider
from scrapers.units import EndedUnit

__all__ = [
    "BASE",
    "KEY",
    "NOW",
    "SITE",
    "TRIES",
    "Played",
    "answer_to",
    "land_catalogue",
    "make_plan_of",
    "make_spider",
    "path_of",
    "query_of",
    "retry",
    "take",
]

BASE = "http://127.0.0.1:8000"
SITE = "sketchfab"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = Key(b"k" * 32)
TRIES = 5  # of a page whose host answers others well

Answer = Response | Exception
Site = Callable[[Request], Answer]


def make_plan_of(data: Path, stage: Stage, **asked: Any) -> CrawlPlan:
    """A checked plan; `asked` are arguments of the crawl."""
    given = {
        "base_url": BASE, "api_url": BASE, "stage": stage, "catalogue": CatalogueSource.JSON,
        "side": Side.ITEM, "like_floor": 1, "run_id": "r1", "mode": Mode.FULL, "worker": Worker(),
    }  # fmt: skip
    arguments = CrawlArguments(**{**given, **asked})
    folder = data / "raw" / SITE / RawTable.ITEMS / "c1"
    return CrawlPlan(SITE, arguments, CrawlSettings(data=data), folder)


def make_spider(plan: CrawlPlan, ledger: Ledger | None = None) -> SketchfabSpider:
    """A spider whose pages are asked for again at once, and given up after `TRIES`."""
    (plan.settings.data / "raw" / SITE).mkdir(parents=True, exist_ok=True)
    spider = SketchfabSpider(plan, open_ledger(plan) if ledger is None else ledger, KEY)
    manners = Manners(
        patience_s=60.0,
        retry_times=TRIES - 1,
        backoff_s=0.0,
        backoff_max_s=0.0,
        retry_after_max_s=60.0,
    )
    hosts = Hosts(manners)
    hosts.of(BASE).well_at = inf
    spider.crawler = get_crawler()
    spider.crawler.stats = StatsCollector(spider.crawler)
    spider.crawler.engine = SimpleNamespace(
        downloader=SimpleNamespace(hosts=hosts, active=set()),
        scraper=SimpleNamespace(slot=None),
        scheduler=None,
    )
    return spider


def land_catalogue(data: Path, likes_of: Mapping[str, int | None], run_id: str = "c1") -> None:
    """Land items with the number of likes that the catalogue announces."""
    n = len(likes_of)
    writer = TableWriter(data, SITE, RawTable.ITEMS, run_id)
    writer.land(
        {
            "item_id": list(likes_of),
            "title": [None] * n,
            "like_count": list(likes_of.values()),
            "like_count_text": [None] * n,
            "url": [None] * n,
            "crawled_at": [NOW] * n,
        }
    )
    writer.finish(RunStatus.COMPLETE, {})


class Played:
    """A crawl that was played: what ended, what was asked for, and how it all was landed."""

    def __init__(self, spider: SketchfabSpider, site: Site) -> None:
        self.spider = spider
        self.ended: list[EndedUnit] = []
        self.asked: list[str] = []
        self._site = site
        self._queue: deque[Request] = deque()
        self._landing = LandingPipeline(
            spider.plan, spider.tally, spider.ledger, part_rows=50_000, part_age_s=60.0
        )
        self._landing._settle = spider.settle
        spider.sink = self._take

    def run(self) -> Played:
        """Play it to its end."""
        self._landing.open_spider()
        asyncio.run(self._run())
        self.status = self._landing.finish(FINISHED)
        return self

    @property
    def rows(self) -> pl.DataFrame:
        """What the run has landed, by this process and those before it."""
        return pl.concat(pl.read_parquet(p) for p in listed_parts(self.spider.plan.landing_folder))

    @property
    def ends(self) -> dict[str, EndedUnit]:
        """Ended units by key."""
        return {ended.unit.key: ended for ended in self.ended}

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """User and item of every like, in the order in which lists ended."""
        pages = [page for ended in self.ended for page in ended.records]
        return [pair for p in pages for pair in zip(p.user_handles, p.item_ids, strict=True)]

    async def _run(self) -> None:
        self.spider.stage.prepare()
        async with aclosing(self.spider.work.units()) as units:
            async for unit in units:
                self._queue.append(self.spider.stage.request(unit))
                while self._queue:
                    self._play(self._queue.popleft())

    def _take(self, ended: EndedUnit) -> None:
        self.ended.append(ended)
        self._landing.process_item(ended)

    def _play(self, request: Request) -> None:
        self.asked.append(request.url)
        for output in take(request, self._site(request)):
            if isinstance(output, Request):
                self._queue.append(output)
            else:
                self._take(output)


def retry(played: Played, *states: UnitState) -> None:
    """Make the units of a crawl that ended so pending again, as ``python -m scrapers retry``."""
    ledger = open_ledger(played.spider.plan)
    ledger.retry(states)
    ledger.close()


def take(request: Request, answer: Answer) -> list[Any]:
    """What the spider makes of an answer to its request."""
    handled = [200, *request.meta["handle_httpstatus_list"]]
    if isinstance(answer, Response) and answer.status not in handled:
        answer = HttpError(answer)
    if isinstance(answer, Exception):
        failure = Failure(answer)
        failure.request = request
        return list(request.errback(failure))
    return list(request.callback(answer, **request.cb_kwargs))


def answer_to(request: Request, body: object, status: int = 200) -> Response:
    """An answer: bytes as they are, all else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = HtmlResponse if content.lstrip().startswith(b"<") else TextResponse
    return kind(request.url, status, body=content, request=request, encoding="utf-8")


def query_of(request: Request) -> dict[str, str]:
    """Parameters of a request's url."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}


def path_of(request: Request) -> list[str]:
    """Parts of a request's path."""
    return [unquote(part) for part in urlsplit(request.url).path.strip("/").split("/")]
