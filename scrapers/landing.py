"""Item pipeline: whole units are checked, buffered, landed as parts, then settled in the ledger.

The order is what makes a crawl survive a kill at any instant: the part is put in its place, the
manifest lists it with its units, and only then the ledger says that they ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from twisted.internet.task import LoopingCall

from scrapers.errors import LedgerError
from scrapers.intake import Intake, TakenUnit, joined
from scrapers.ledger import Ledger
from scrapers.ledger_ends import UnitName
from scrapers.outcome import outcome, unit_states
from scrapers.parts import TableWriter
from scrapers.plan import CrawlPlan
from scrapers.raw_zone import landed_pairs
from scrapers.records import (
    STAGE_KINDS,
    RawTable,
    RunStatus,
    SiteRecord,
    UnitKind,
    UnitState,
    raw_folder,
    read_manifest,
)
from scrapers.rejects import RejectFile
from scrapers.site_spider import FINISHED, STATUS_STAT, SiteSpider
from scrapers.tally import Tally
from scrapers.units import EndedUnit, Memory

__all__ = ["REJECTS_NAME", "LandingPipeline"]

REJECTS_NAME: Final = "rejects.jsonl"
_BROKEN: Final = "landing_failed"
_RENEWALS: Final = 4  # of a lease before it would run out
_LISTED: Final = (RawTable.LIKES, RawTable.FEATURES)  # may bring nothing new
_REMEMBERED: Final = (UnitKind.ITEM_LIKES, UnitKind.USER_LIKES, UnitKind.ITEM_FEATURES)

_log = logging.getLogger(__name__)


class LandingPipeline:
    """Lands the units that a spider ends; one waits in memory no longer than a part's age.

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
        ledger: Ledger,
        *,
        part_rows: int,
        part_age_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._tally = tally
        self._ledger = ledger
        self._part_rows = part_rows
        self._part_age_s = part_age_s
        self._clock = clock
        self._waiting: dict[UnitName, TakenUnit] = {}
        self._n_waiting = 0
        self._waits_since: float | None = None
        self._status: RunStatus | None = None
        self._fault: Exception | None = None
        self._traffic: Callable[[], Mapping[str, int]] = dict
        self._settle: Callable[[], None] = lambda: None
        self._close: Callable[[str], None] = lambda _: None
        self._tickers: list[tuple[AsyncioLoopingCall | LoopingCall, float]] = []
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
            spider.ledger,
            part_rows=crawler.settings.getint("LANDING_PART_ROWS"),
            part_age_s=crawler.settings.getfloat("LANDING_PART_AGE_S"),
        )
        lease_s = crawler.settings.getfloat("LEDGER_LEASE_S")
        pipeline._tickers = [
            (create_looping_call(pipeline.land_if_due), pipeline._part_age_s),
            (create_looping_call(pipeline.renew), lease_s / _RENEWALS),
        ]
        pipeline._traffic = lambda: _traffic(crawler.stats)
        pipeline._settle, spider.sink = spider.settle, pipeline.take
        spider.land, spider.broken = pipeline.land, pipeline.fail
        pipeline._close = lambda reason: _close(spider, reason)
        crawler.signals.connect(pipeline._opened, signal=signals.spider_opened)
        crawler.signals.connect(pipeline._closed, signal=signals.spider_closed)
        pipeline._stats = crawler.stats
        return pipeline

    def _opened(self) -> None:
        for ticker, interval_s in self._tickers:
            ticker.start(interval_s, now=False)

    def _closed(self, spider: Spider, reason: str) -> None:  # noqa: ARG002  Scrapy passes both
        for ticker, _ in self._tickers:
            if ticker.running:
                ticker.stop()
        self._stats.set_value(STATUS_STAT, self.finish(reason).value)

    def open_spider(self) -> None:
        """Make the run's folder and its manifest, and the ledger agree with it."""
        plan, asked = self._plan, self._plan.arguments
        self._writer = TableWriter(
            plan.settings.data,
            plan.site,
            plan.table,
            asked.landing_id,
            crawl_id=asked.run_id,
            mode=asked.mode,
        )
        listed = self._writer.manifest.units
        self._ledger.reconcile(listed.values(), STAGE_KINDS[asked.stage])
        self._ledger.release_own()
        self._ledger.begin(asked.stage, asked.as_given())
        partial = {key for (_, key), unit in listed.items() if unit.state is not UnitState.DONE}
        landed = landed_pairs(self._writer.folder) if partial else frozenset[tuple[str, ...]]()
        self._tally.landed = self._writer.manifest.rows
        self._rejects = RejectFile(self._writer.folder / REJECTS_NAME)
        self._intake = Intake(plan.table, self._rejects, landed)

    def process_item(self, item: object) -> object:
        """Take a unit that has ended, or the site's record."""
        if isinstance(item, EndedUnit):
            self.take(item)
        elif isinstance(item, SiteRecord):
            self._guarded(lambda: self._land_site(item))
        else:
            raise TypeError(f"{type(item).__name__} is neither a unit nor the site's record")
        return item

    def take(self, ended: EndedUnit) -> None:
        """Keep what is good of a unit's records until its part is landed, set the rest aside."""
        self._guarded(lambda: self._take(ended))
        self.land_if_due()

    def _take(self, ended: EndedUnit) -> None:
        name = (ended.unit.kind, ended.unit.key)
        if name in self._waiting:
            return  # read twice, for its lease ran out while the process slept
        taken = self._waiting[name] = self._intake.take(ended)
        self._n_waiting += taken.n_rows
        self._tally.landed += taken.n_rows
        self._tally.end(taken.ended.unit)
        if self._waits_since is None:
            self._waits_since = self._clock()

    def land_if_due(self) -> None:
        """Land what waits if it fills a part or has waited long enough."""
        if self._waits_since is None:
            return
        full = self._n_waiting >= self._part_rows
        if full or self._clock() - self._waits_since >= self._part_age_s:
            self._guarded(self._land)

    def land(self) -> None:
        """Land what waits, however little and young."""
        self._guarded(self._land)

    def renew(self) -> None:
        """Hold on to what is being read."""
        self._guarded(self._ledger.renew)

    def close_spider(self) -> None:
        """Land what is left; how the crawl ended is written down by `finish`."""
        self._guarded(self._land)

    def finish(self, reason: str) -> RunStatus:
        """Land what is left and write down how the crawl ended, once.

        Parameters
        ----------
        reason : Scrapy's reason for closing the spider.
        """
        if self._status is None:
            self._guarded(self._land)
            if reason == FINISHED:
                self._guarded(self._settle)
                self._guarded(self._land)
            self._status = RunStatus.FAILED
            self._guarded(lambda: self._finish(reason))
            self._ledger.close()
        return RunStatus.FAILED if self._fault is not None else self._status

    def fail(self, err: Exception) -> None:
        """End the crawl, for nothing more can be written down."""
        if self._fault is None:
            self._fault = err
            place = "its ledger" if isinstance(err, LedgerError) else self._plan.settings.data
            _log.error(
                "The crawl stops, for it cannot write to %s: %s. Mend that and crawl again with "
                "run_id=%s: it goes on where it was.",
                place,
                err,
                self._plan.arguments.run_id,
            )
            self._close(_BROKEN)

    def _finish(self, reason: str) -> None:
        self._rejects.close()
        self._ledger.release_own()
        asked = self._plan.arguments
        states = unit_states(self._ledger, asked.stage)
        unread = states.get(UnitState.PENDING, 0) + states.get(UnitState.LEASED, 0)
        self._status = outcome(self._plan, states, self._tally.landed, reason)
        counts = {
            **self._tally.summary(),
            **self._rejects.counts,
            **self._traffic(),
            "units_unread": unread,
        }
        manifest = self._writer.finish(self._status, counts)
        self._ledger.end(asked.stage, self._status)
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        _log.info("%s %s: %d rows; %s", manifest.table, manifest.status, manifest.rows, told)

    def _land(self) -> None:
        """Land what waits, but for units that another process has taken over meanwhile."""
        self._rejects.flush()
        if self._waits_since is None:
            return
        ours = self._ours()
        ended = [taken.ended for taken in ours]
        if ours:
            rows = joined(self._plan.table, ours)
            self._writer.land(rows, [unit.unit for unit in ended])
            for taken in ours:
                self._intake.remember(taken)
        self._ledger.settle([unit.unit for unit in ended], _memories(ended))
        self._waiting, self._n_waiting, self._waits_since = {}, 0, None

    def _ours(self) -> list[TakenUnit]:
        """What may be landed; a lease that ran out is taken up again where nobody else has it."""
        self._ledger.renew()
        held = self._ledger.holds(n for n, w in self._waiting.items() if w.ended.is_claimed)
        ours = [w for n, w in self._waiting.items() if n in held or not w.ended.is_claimed]
        lost = len(self._waiting) - len(ours)
        if lost:
            self._tally.counts["units_taken_over"] += lost
            self._tally.landed -= self._n_waiting - sum(waiting.n_rows for waiting in ours)
        return ours

    def _guarded(self, act: Callable[[], object]) -> None:
        """Do it; what the disk or the ledger refuses ends the crawl, with nothing half-written."""
        if self._fault is not None:
            return
        try:
            act()
        except (OSError, LedgerError) as err:
            self.fail(err)

    def _land_site(self, record: SiteRecord) -> None:
        """Land the one record of the site, unless another stage of the run has."""
        plan = self._plan
        place = (plan.settings.data, plan.site, RawTable.SITE, plan.arguments.landing_id)
        landed = read_manifest(raw_folder(*place))
        if landed is not None and landed.status is RunStatus.COMPLETE:
            return
        writer = TableWriter(*place, crawl_id=plan.arguments.run_id)
        if not writer.manifest.parts:
            writer.land({name: [value] for name, value in asdict(record).items()})
        writer.finish(RunStatus.COMPLETE, {})


def _memories(ended: Sequence[EndedUnit]) -> dict[tuple[UnitKind, str], Memory]:
    """What to remember of the lists that were read."""
    return {
        (unit.unit.kind, unit.unit.key): Memory(
            unit.announced, unit.unit.read, unit.known, datetime.fromisoformat(unit.unit.ended_at)
        )
        for unit in ended
        if unit.is_claimed and unit.unit.kind in _REMEMBERED and unit.unit.state is UnitState.DONE
    }


def _traffic(stats: StatsCollector) -> dict[str, int]:
    """What was asked of the site."""
    names = {"requests": "downloader/request_count", "retries": "retry/count"}
    return {name: int(stats.get_value(stat, 0)) for name, stat in names.items()}


def _close(spider: SiteSpider, reason: str) -> None:
    engine = spider.crawler.engine
    if engine is not None and engine.spider is not None:
        spider.close_early(reason)
