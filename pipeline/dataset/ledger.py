"""Which landed parts the curated zone already holds: ``curated/<site>/runs.json``.

A part is known by its hash, so one that was landed anew under the same name is new; one that
names units also by its name and their number, because parts without rows are all alike.  The
ledger is written after the table that it speaks of: a crash in between makes a part be read
twice, which changes nothing, and never makes one be skipped or purged unread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import polars as pl

from pipeline.dataset.columns import CRAWLED_AT
from pipeline.dataset.curated import curated_folder
from pipeline.dataset.raw import RawRun, empty_raw, read_parts
from pipeline.errors import CuratedZoneError
from pipeline.files import write_text
from scrapers.records import Part, RawTable

__all__ = ["Ledger", "NewRows", "new_rows", "read_ledger", "write_ledger"]

_LEDGER_NAME: Final = "runs.json"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Hashes of the curated parts, by raw table and run."""

    tables: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def run_ids(self, table: RawTable) -> tuple[str, ...]:
        """Runs of which at least one part is curated, sorted."""
        return tuple(sorted(self.tables.get(table.value, {})))

    def missing(self, run: RawRun) -> list[Part]:
        """Listed parts of a run that are not curated yet."""
        known = self.tables.get(run.manifest.table.value, {}).get(run.run_id, ())
        return [part for part in run.manifest.parts if _mark(part) not in known]

    def without(self, *forgotten: RawTable) -> Ledger:
        """Ledger that knows nothing of these tables."""
        return Ledger({name: runs for name, runs in self.tables.items() if name not in forgotten})

    def with_runs(self, runs: Iterable[RawRun]) -> Ledger:
        """Ledger that holds all listed parts of these runs too."""
        tables = {name: dict(known) for name, known in self.tables.items()}
        for run in runs:
            known = tables.setdefault(run.manifest.table.value, {})
            landed = {_mark(part) for part in run.manifest.parts}
            if landed:
                known[run.run_id] = tuple(sorted(landed.union(known.get(run.run_id, ()))))
        return Ledger(tables)


def _mark(part: Part) -> str:
    return f"{part.sha256}/{part.name}/{len(part.units)}" if part.units else part.sha256


def read_ledger(data: Path, site: str) -> Ledger:
    """Ledger of a site; an empty one before the first curation.

    Raises
    ------
    CuratedZoneError : the file is not a ledger.
    """
    path = curated_folder(data, site) / _LEDGER_NAME
    try:
        tables: dict[str, Any] = json.loads(path.read_text("utf-8"))["tables"]
        return Ledger(
            {
                table: {run_id: tuple(parts) for run_id, parts in runs.items()}
                for table, runs in tables.items()
            }
        )
    except FileNotFoundError:
        return Ledger()
    except (ValueError, KeyError, AttributeError, TypeError) as err:
        remedy = "remove it: all landed parts are then read again"
        raise CuratedZoneError(f"{path} is not a ledger of runs: {err}; {remedy}") from err


def write_ledger(data: Path, site: str, ledger: Ledger) -> None:
    """Replace the ledger of a site atomically."""
    path = curated_folder(data, site) / _LEDGER_NAME
    write_text(path, json.dumps(asdict(ledger), indent=1, sort_keys=True) + "\n")


@dataclass(frozen=True)
class NewRows:
    """Parts of a table that are not curated yet.

    ``runs`` have such parts and ``rows`` are theirs; ``first_read_at`` says of each crawl when
    the earliest of these rows was read.
    """

    runs: tuple[RawRun, ...]
    rows: pl.DataFrame
    first_read_at: Mapping[str, datetime]


def new_rows(table: RawTable, runs: Iterable[RawRun], ledger: Ledger) -> NewRows:
    """What is new in these runs of a table.

    Raises
    ------
    RawZoneError : a part that is not what its manifest says.
    """
    found = [run for run in runs if ledger.missing(run)]
    frames = [read_parts(run, ledger.missing(run)) for run in found]
    first: dict[str, datetime] = {}
    for run, frame in zip(found, frames, strict=True):
        if len(frame):
            read_at = cast("datetime", frame[CRAWLED_AT].min())
            first[run.crawl_id] = min(read_at, first.get(run.crawl_id, read_at))
    return NewRows(tuple(found), pl.concat([empty_raw(table), *frames]), first)
