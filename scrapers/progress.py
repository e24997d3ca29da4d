"""Extension: how far a crawl is, as a bar on a terminal or as messages to Dagster; else silent."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, Self

from dagster_pipes import DAGSTER_PIPES_CONTEXT_ENV_VAR
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from scrapers.environment import ProgressBar
from scrapers.figures import Figures
from scrapers.progress_bar import TerminalBar, terminal
from scrapers.progress_pipes import PipesReport
from scrapers.site_spider import STATUS_STAT, SiteSpider

__all__ = ["Progress", "Reporter"]

_INTERVAL_S: Final = 0.5


class Reporter(Protocol):
    """Someone who is told how far a crawl is."""

    def update(self, figures: Figures) -> None:
        """Tell the figures of now."""

    def finish(self, figures: Figures, status: str) -> None:
        """Tell the last figures and how the crawl ended."""


class Progress:
    """Tells each reporter the figures twice a second, and at the end once all rows are landed."""

    def __init__(
        self, spider: SiteSpider, reporters: list[Reporter], status: Callable[[], str]
    ) -> None:
        self._spider = spider
        self._reporters = reporters
        self._status = status
        self._started_at = time.monotonic()
        self._rows_before = 0
        self._loop = create_looping_call(self.tell)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Extension for the crawler's spider.

        Raises
        ------
        NotConfigured : nobody is to be told.
        """
        spider = crawler.spider
        if not isinstance(spider, SiteSpider):
            raise NotConfigured
        reporters = _reporters(spider, os.environ)
        if not reporters:
            raise NotConfigured
        extension = cls(
            spider, reporters, lambda: str(crawler.stats.get_value(STATUS_STAT, "failed"))
        )
        crawler.signals.connect(extension.start, signal=signals.engine_started)
        crawler.signals.connect(extension.stop, signal=signals.engine_stopped)
        return extension

    def start(self) -> None:
        """Begin to tell; rows of an earlier crawl of the same run do not count as speed."""
        self._started_at = time.monotonic()
        self._rows_before = self._spider.tally.landed
        self._loop.start(_INTERVAL_S, now=False)

    def tell(self) -> None:
        """Tell the figures of now."""
        figures = self._figures()
        for reporter in self._reporters:
            reporter.update(figures)

    def stop(self) -> None:
        """Tell the last figures, once."""
        if self._loop.running:
            self._loop.stop()
        figures, status = self._figures(), self._status()
        while self._reporters:
            self._reporters.pop().finish(figures, status)

    def _figures(self) -> Figures:
        elapsed_s = time.monotonic() - self._started_at
        return Figures.of(self._spider.tally, self._rows_before, elapsed_s)


def _reporters(spider: SiteSpider, environment: Mapping[str, str]) -> list[Reporter]:
    found: list[Reporter] = []
    table = spider.plan.table
    in_dagster = DAGSTER_PIPES_CONTEXT_ENV_VAR in environment
    if in_dagster:
        found.append(PipesReport(spider.plan, spider.tally))
    wish = spider.plan.settings.progress
    is_seen = sys.stderr.isatty() and not in_dagster
    if wish is ProgressBar.ALWAYS or (wish is ProgressBar.AUTO and is_seen):
        found.append(TerminalBar(table.value, terminal()))
    return found
