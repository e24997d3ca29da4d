"""Checks of what crawls landed; those that block stop what would build on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg
import polars as pl

from pipeline.assets.common import check_of
from pipeline.assets.crawls import RAW_ASSETS
from pipeline.assets.metadata import markdown_table
from pipeline.assets.workspace import Workspace
from pipeline.dataset.columns import LIKE_COUNT
from pipeline.dataset.crawls import Crawl, raw_crawls
from pipeline.dataset.raw import read_parts
from pipeline.dataset.soundness import newest_verdict
from pipeline.dataset.verdicts import State, Verdict
from pipeline.sites import Site
from scrapers.records import STAGE_TABLES, Mode, RawTable, Stage, UnitState

__all__ = ["crawl_checks"]

_ERROR: Final = dg.AssetCheckSeverity.ERROR
_WARN: Final = dg.AssetCheckSeverity.WARN
_LEAST_READ: Final = 0.5
_WELL_READ: Final = 0.98
_PURGED: Final = "purged"


def crawl_checks(site: Site) -> list[dg.AssetChecksDefinition]:
    """Every check of a site's raw assets."""
    return [
        *(_complete(site, stage) for stage in Stage),
        *(_drift(site, stage) for stage in Stage),
        _announced_likes_are_read(site),
    ]


def _newest(workspace: Workspace, site: Site, table: RawTable) -> Crawl | None:
    crawls = raw_crawls(workspace.data, site.name, table)
    return crawls[-1] if crawls else None


def _complete(site: Site, stage: Stage) -> dg.AssetChecksDefinition:
    @check_of(site, RAW_ASSETS[stage])
    def crawl_is_complete(workspace: Workspace) -> dg.AssetCheckResult:
        """The newest crawl read all that it set out to read, in each of its processes."""
        crawl = _newest(workspace, site, STAGE_TABLES[stage])
        if crawl is None:
            return dg.AssetCheckResult(passed=False, severity=_WARN, metadata={"status": "none"})
        unfinished = sum(unit.state is not UnitState.DONE for unit in crawl.units.values())
        return dg.AssetCheckResult(
            passed=crawl.is_complete,
            severity=_WARN,
            metadata={
                "status": ", ".join(run.manifest.status.value for run in crawl.runs),
                "mode": crawl.mode.value,
                "units": len(crawl.units),
                "units_not_done": unfinished,
            },
        )

    return crawl_is_complete


def _drift(site: Site, stage: Stage) -> dg.AssetChecksDefinition:
    @check_of(site, RAW_ASSETS[stage], blocking=True)
    def has_not_drifted(workspace: Workspace) -> dg.AssetCheckResult:
        """The newest crawl is like the last good one, or a person has accepted that it is not."""
        verdict = newest_verdict(workspace.data, site.name, STAGE_TABLES[stage])
        return dg.AssetCheckResult(
            passed=verdict is None or verdict.state is not State.DRIFTED,
            severity=_ERROR,
            metadata={"crawl": "none"} if verdict is None else _told(verdict, site),
        )

    return has_not_drifted


def _told(verdict: Verdict, site: Site) -> Mapping[str, Any]:
    """What was found of a crawl; raw rows of people have no handle (see `samples`)."""
    crawl = verdict.profile.crawl_id
    told = {
        "crawl": crawl,
        "state": verdict.state.value,
        "held_against": verdict.against or "nothing: it is the first",
    }
    if not verdict.findings:
        return told
    found = pl.DataFrame(
        [
            {
                "field": finding.field,
                "what": f"{finding.what.value} {finding.detail}".strip(),
                "now": finding.now,
                "before": finding.before,
                "at least": finding.low,
                "at most": finding.high,
            }
            for finding in verdict.findings
        ]
    )
    return {
        **told,
        "findings": markdown_table(found),
        "samples": markdown_table(pl.DataFrame(verdict.samples)),
        "accept_with": f"python -m pipeline accept --site {site.name} --run {crawl}",
    }


def _announced_likes_are_read(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, RAW_ASSETS[Stage.LIKES], blocking=True)
    def announced_likes_are_read(workspace: Workspace) -> dg.AssetCheckResult:
        """Likes that were read against those that are announced.

        A full crawl is held against the catalogue, a daily one list by list.  Less than half is
        an error, less than 98 % a warning: some people hide their likes.  A full crawl of what
        announces nothing cannot be held against anything: a warning too.
        """
        crawl = _newest(workspace, site, RawTable.LIKES)
        if crawl is not None and crawl.mode is Mode.INCREMENTAL:
            announced, read = _of_lists(crawl)
            well = read >= _WELL_READ * announced
        else:
            announced = _of_catalogue(_newest(workspace, site, RawTable.ITEMS))
            read = 0 if crawl is None else crawl.rows + crawl.counts.get(_PURGED, 0)
            well = announced > 0 and read >= _WELL_READ * announced
        return dg.AssetCheckResult(
            passed=well,
            severity=_ERROR if read < _LEAST_READ * announced else _WARN,
            metadata={
                "announced": announced,
                "read": read,
                "lists": 0 if crawl is None else len(crawl.units),
            },
        )

    return announced_likes_are_read


def _of_lists(crawl: Crawl) -> tuple[int, int]:
    """Likes that the visited lists announce, and how many of them were read."""
    told = [unit for unit in crawl.units.values() if unit.announced is not None]
    announced = sum(unit.announced or 0 for unit in told)
    return announced, sum(min(unit.read, unit.announced or 0) for unit in told)


def _of_catalogue(crawl: Crawl | None) -> int:
    if crawl is None:
        return 0
    rows = pl.concat(read_parts(run) for run in crawl.runs)
    return int(rows.unique("item_id", keep="first")[LIKE_COUNT].sum())
