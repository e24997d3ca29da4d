"""Figures of a crawl for Dagster: log lines on the way, metadata of the asset at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any, Final

from dagster_pipes import open_dagster_pipes

from scrapers.figures import Figures
from scrapers.plan import CrawlPlan
from scrapers.tally import Tally

__all__ = ["PipesReport", "metadata"]

_LOG_INTERVAL_S: Final = 10.0


class PipesReport:
    """Speaks to the Dagster process that started this one.

    The crawl gets a process group of its own: a Ctrl-C on the terminal would reach it twice,
    from there and from Dagster, and Scrapy drops what it holds on the second.
    """

    def __init__(self, plan: CrawlPlan, tally: Tally) -> None:
        with contextlib.suppress(PermissionError):
            os.setpgid(0, 0)
        self._plan = plan
        self._tally = tally
        self._pipes = open_dagster_pipes()
        self._logged_at_s = 0.0

    def update(self, figures: Figures) -> None:
        """Log the figures now and then."""
        if figures.elapsed_s - self._logged_at_s >= _LOG_INTERVAL_S:
            self._logged_at_s = figures.elapsed_s
            self._pipes.log.info(f"{self._plan.table}: {figures}")

    def finish(self, figures: Figures, status: str) -> None:
        """Report the asset as materialized, with how the crawl went."""
        self._pipes.log.info(f"{self._plan.table} {status}: {figures}")
        if self._pipes.is_asset_step:
            told = metadata(self._plan, self._tally, figures, status)
            self._pipes.report_asset_materialization(metadata=told)
        self._pipes.close()


def metadata(plan: CrawlPlan, tally: Tally, figures: Figures, status: str) -> dict[str, Any]:
    """What a reader of the asset's history would look at; numbers plot over time."""
    counts: Mapping[str, int] = tally.summary()
    return {
        "status": status,
        "run_id": plan.arguments.run_id,
        "rows": figures.rows,
        "rows_per_s": round(figures.rows_per_s, 1),
        "duration_s": round(figures.elapsed_s, 3),
        **counts,
    }
