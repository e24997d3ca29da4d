"""Raw likes and rejects leave the raw zone after a retention time; curated likes stay.

A run is purged when it is old enough and every listed part of it stands in the ledger of the
curated zone: rows that were not pseudonymized yet are never purged, and are reported instead.
The manifest stays with the count of what was purged.  What it says of units stays too, in
a part without a file: by it the crawl's ledger knows what was read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.dataset.crawls import instant
from pipeline.dataset.curated import curating
from pipeline.dataset.ledger import read_ledger, write_ledger
from pipeline.dataset.raw import RawRun, raw_runs, table_folder
from pipeline.files import write_text
from scrapers.records import MANIFEST_NAME, Part, RawTable, RunStatus

__all__ = ["PurgeReport", "purge_raw"]

ABANDONED_AFTER: Final = timedelta(days=2)
"""A crawl that says it runs may hold on to its files so long, whatever the retention time."""
_REJECTS: Final = "rejects*"
_PURGED: Final = "purged"


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was purged, and the runs that are old enough but not pseudonymized yet."""

    purged_run_ids: tuple[str, ...]
    waiting_run_ids: tuple[str, ...]
    n_likes: int
    n_files: int


def purge_raw(data: Path, site: str, *, retention_days: float, now: datetime) -> PurgeReport:
    """Purge a site's raw likes, and the rejects of all tables, that are older than allowed.

    Parameters
    ----------
    retention_days : age by the start of the run; 0 purges all that was pseudonymized.
    now : an instant with a time zone.

    Raises
    ------
    RawZoneError : a manifest that cannot be read.
    """
    retention = timedelta(days=retention_days)
    old = {
        table: [run for run in raw_runs(data, site, table) if _is_expired(run, retention, now)]
        for table in RawTable
    }
    n_files = sum(_remove(run.folder.glob(_REJECTS)) for runs in old.values() for run in runs)
    ledger = read_ledger(data, site)
    waiting = [run for run in old[RawTable.LIKES] if ledger.missing(run)]
    done = [run for run in old[RawTable.LIKES] if run not in waiting and _leftovers(run)]
    for run in done:
        n_files += _purge(run)
    if done:
        _keep_in_ledger(data, site, [run.run_id for run in done])
    n_files += _remove_unlisted(data, site, now - max(retention, ABANDONED_AFTER))
    return PurgeReport(
        purged_run_ids=tuple(run.run_id for run in done),
        waiting_run_ids=tuple(run.run_id for run in waiting),
        n_likes=sum(run.manifest.rows for run in done),
        n_files=n_files,
    )


def _keep_in_ledger(data: Path, site: str, run_ids: Iterable[str]) -> None:
    """Have the curated zone know what is left of purged runs."""
    with curating(data, site):
        runs = raw_runs(data, site, RawTable.LIKES, run_ids=run_ids)
        write_ledger(data, site, read_ledger(data, site).with_runs(runs))


def _is_expired(run: RawRun, retention: timedelta, now: datetime) -> bool:
    running = run.manifest.status is RunStatus.RUNNING
    kept = max(retention, ABANDONED_AFTER) if running else retention
    return now - instant(run, run.manifest.started_at) >= kept


def _leftovers(run: RawRun) -> list[Path]:
    return [path for path in run.folder.iterdir() if path.name != MANIFEST_NAME]


def _purge(run: RawRun) -> int:
    """Strike the rows from the manifest, then remove every other file of the run."""
    manifest = run.manifest
    units = tuple(manifest.units.values())
    purged = manifest.counts.get(_PURGED, 0) + manifest.rows
    emptied = replace(
        manifest,
        parts=(Part(_PURGED, 0, 0, "", units),) if units else (),
        counts={**manifest.counts, _PURGED: purged},
    )
    write_text(run.folder / MANIFEST_NAME, emptied.to_json())
    return _remove(_leftovers(run))


def _remove(paths: Iterable[Path]) -> int:
    removed = 0
    for path in paths:
        path.unlink(missing_ok=True)
        removed += 1
    return removed


def _remove_unlisted(data: Path, site: str, before: datetime) -> int:
    """Remove folders of likes that a crawl left behind without ever listing a part."""
    removed = 0
    for folder in table_folder(data, site, RawTable.LIKES).glob("*/"):
        touched_at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if not (folder / MANIFEST_NAME).exists() and touched_at <= before:
            removed += sum(path.is_file() for path in folder.rglob("*"))
            shutil.rmtree(folder)
    return removed
