"""Item pipeline: records are checked, buffered, landed as part files and listed in a manifest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector
from scrapy.utils.asyncio import create_looping_call

from scrapers.checking import check
from scrapers.errors import RecordError
from scrapers.likes_checking import check_likes
from scrapers.parts import TableWriter
from scrapers.plan import CrawlPlan
from scrapers.records import (
    RAW_SCHEMAS,
    USER_HANDLE,
    FeatureRecord,
    ItemRecord,
    LikesPage,
    RawTable,
    RunStatus,
    SiteRecord,
    raw_folder,
    read_manifest,
)
from scrapers.rejects import RejectFile
from scrapers.site_spider import STATUS_STAT, SiteSpider
from scrapers.tally import Tally

__all__ = ["REJECTS_NAME", "LandingPipeline"]

REJECTS_NAME: Final = "rejects.jsonl"

_log = logging.getLogger(__name__)


class LandingPipeline:
    """Lands what a spider emits; a row waits in memory no longer than a part's age.

    Parameters
    ----------
    plan : what is crawled and where it lands.
    tally : where rows and rejects are counted.
    part_rows : rows that fill a part.
    part_age_s : seconds after which a part is landed though it is not full.
    clock : seconds that never go back.
    """

    def __init__(
        self,
        plan: CrawlPlan,
        tally: Tally,
        *,
        part_rows: int,
        part_age_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._tally = tally
        self._part_rows = part_rows
        self._part_age_s = part_age_s
        self._clock = clock
        self._buffered_at: float | None = None
        self._buffer: dict[str, list[Any]] = _columns(plan.table)
        self._status: RunStatus | None = None
        self._stats: StatsCollector

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Pipeline of a crawl that writes its status when the spider is closed."""
        spider = crawler.spider
        if not isinstance(spider, SiteSpider):
            raise TypeError(f"{type(spider).__name__} is no SiteSpider")
        pipeline = cls(
            spider.plan,
            spider.tally,
            part_rows=crawler.settings.getint("LANDING_PART_ROWS"),
            part_age_s=crawler.settings.getfloat("LANDING_PART_AGE_S"),
        )

        crawler.signals.connect(pipeline._opened, signal=signals.spider_opened)
        crawler.signals.connect(pipeline._closed, signal=signals.spider_closed)
        pipeline._stats = crawler.stats
        return pipeline

    def _opened(self) -> None:
        self._ticker = create_looping_call(self.land_if_due)
        self._ticker.start(self._part_age_s, now=False)

    def _closed(self, spider: Spider, reason: str) -> None:  # noqa: ARG002  Scrapy passes both
        self._ticker.stop()
        self._stats.set_value(STATUS_STAT, self.finish(reason).value)

    def open_spider(self) -> None:
        """Make the run's folder and its manifest."""
        plan = self._plan
        run_id = plan.arguments.run_id
        self._writer = TableWriter(plan.settings.data, plan.site, plan.table, run_id)
        self._tally.landed = self._writer.manifest.rows
        self._rejects = RejectFile(self._writer.folder / REJECTS_NAME)

    def process_item(self, item: object) -> object:
        """Keep what is good of a record, set the rest aside."""
        if isinstance(item, LikesPage):
            self._keep_likes(item)
        elif isinstance(item, SiteRecord | ItemRecord | FeatureRecord):
            self._keep(item)
        else:
            raise TypeError(f"{type(item).__name__} is no record")
        self.land_if_due()
        return item

    def land_if_due(self) -> None:
        """Land the buffered rows if they fill a part or have waited long enough."""
        if self._buffered_at is None:
            return
        full = len(self._buffer["crawled_at"]) >= self._part_rows
        if full or self._clock() - self._buffered_at >= self._part_age_s:
            self._land()

    def close_spider(self) -> None:
        """Land what is left; how the crawl ended is written down by `finish`."""
        self._land()

    def finish(self, reason: str) -> RunStatus:
        """Land what is left and write down how the crawl ended, once.

        Parameters
        ----------
        reason : Scrapy's reason for closing the spider.
        """
        if self._status is None:
            self._land()
            self._rejects.close()
            self._status = self._tally.status(reason)
            counts = {**self._tally.summary(), **self._rejects.counts}
            manifest = self._writer.finish(self._status, counts)
            told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            _log.info("%s %s: %d rows; %s", manifest.table, manifest.status, manifest.rows, told)
        return self._status

    def _keep_likes(self, page: LikesPage) -> None:
        likes = check_likes(page)
        for like in likes.rejected:
            self._rejects.add(like, like.faults)
        kept = len(likes)
        if kept:
            self._extend(
                {
                    USER_HANDLE: likes.user_handles,
                    "item_id": likes.item_ids,
                    "liked_at": likes.liked_at,
                    "crawled_at": [page.crawled_at] * kept,
                }
            )

    def _keep(self, record: SiteRecord | ItemRecord | FeatureRecord) -> None:
        try:
            cleaned = check(record)
        except RecordError as err:
            self._rejects.add(record, err.faults)
            return
        if isinstance(cleaned, SiteRecord):
            self._land_site(cleaned)
        else:
            self._extend({name: [value] for name, value in asdict(cleaned).items()})

    def _extend(self, columns: dict[str, list[Any]]) -> None:
        for name, values in columns.items():
            self._buffer[name].extend(values)
        self._tally.landed += len(columns["crawled_at"])
        if self._buffered_at is None:
            self._buffered_at = self._clock()

    def _land(self) -> None:
        self._rejects.flush()
        if self._buffered_at is not None:
            self._writer.land(self._buffer)
            self._buffer = _columns(self._plan.table)
            self._buffered_at = None

    def _land_site(self, record: SiteRecord) -> None:
        """Land the one record of the site, unless another stage of the run has."""
        plan = self._plan
        place = (plan.settings.data, plan.site, RawTable.SITE, plan.arguments.run_id)
        landed = read_manifest(raw_folder(*place))
        if landed is None or not landed.parts:
            writer = TableWriter(*place)
            writer.land({name: [value] for name, value in asdict(record).items()})
            writer.finish(RunStatus.COMPLETE, {})


def _columns(table: RawTable) -> dict[str, list[Any]]:
    return {name: [] for name in RAW_SCHEMAS[table].names}
