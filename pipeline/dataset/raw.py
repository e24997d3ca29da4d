"""The raw zone as the pipeline reads it: listed parts only, each checked against its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.errors import RawZoneError
from scrapers.records import (
    RAW_SCHEMAS,
    Manifest,
    Part,
    RawTable,
    SiteRecord,
    raw_folder,
    read_manifest,
)

__all__ = ["RawRun", "empty_raw", "latest_site_record", "raw_runs", "read_parts", "table_folder"]

_ANY_RUN: Final = "run"


@dataclass(frozen=True, slots=True)
class RawRun:
    """What one crawl landed of one table."""

    folder: Path
    manifest: Manifest

    @property
    def run_id(self) -> str:
        """Name of what one process landed."""
        return self.manifest.run_id

    @property
    def crawl_id(self) -> str:
        """Name of the crawl, which several processes may share."""
        return self.manifest.crawl_id


def table_folder(data: Path, site: str, table: RawTable) -> Path:
    """Folder of all runs of a raw table."""
    return raw_folder(data, site, table, _ANY_RUN).parent


def raw_runs(
    data: Path, site: str, table: RawTable, *, run_ids: Iterable[str] | None = None
) -> list[RawRun]:
    """Runs of a table in the order in which they began; a folder without manifest is none.

    Parameters
    ----------
    run_ids : only these, all of which must exist; None for every run.

    Raises
    ------
    RawZoneError : a manifest that cannot be read, is of another site, or a run that is missing.
    """
    folder = table_folder(data, site, table)
    found = [_run(path, site, table) for path in sorted(folder.glob("*")) if path.is_dir()]
    runs = {run.run_id: run for run in found if run is not None}
    if run_ids is not None:
        wanted = list(run_ids)
        missing = [run_id for run_id in wanted if run_id not in runs]
        if missing:
            raise RawZoneError(f"{folder} has no run {', '.join(map(repr, missing))}")
        runs = {run_id: runs[run_id] for run_id in wanted}
    return sorted(runs.values(), key=lambda run: (run.manifest.started_at, run.run_id))


def _run(folder: Path, site: str, table: RawTable) -> RawRun | None:
    try:
        manifest = read_manifest(folder)
    except (ValueError, OSError) as err:
        raise RawZoneError(f"manifest of {folder} cannot be read: {err}") from err
    if manifest is None:
        return None
    if (manifest.site, manifest.table, manifest.run_id) != (site, table, folder.name):
        named = f"{manifest.site}/{manifest.table}/{manifest.run_id}"
        raise RawZoneError(f"manifest of {folder} is that of {named}: move the folder back")
    return RawRun(folder, manifest)


def read_parts(run: RawRun, parts: Sequence[Part] | None = None) -> pl.DataFrame:
    """Rows of a run's listed parts (all, or those given), in landing order; none of purged ones.

    Raises
    ------
    RawZoneError : every part that is missing, of another hash or row count, or without the
        columns of door 1.
    """
    schema = _schema(run.manifest.table)
    frames, faults = [empty_raw(run.manifest.table)], []
    listed = run.manifest.parts if parts is None else parts
    for part in (part for part in listed if part.size_bytes):
        try:
            frames.append(_read_part(run.folder / part.name, part, schema))
        except (OSError, pl.exceptions.PolarsError, ValueError) as err:
            faults.append(f"{part.name}: {(str(err).splitlines() or ['unreadable'])[0]}")
    if faults:
        remedy = "move the run's folder away and crawl again"
        raise RawZoneError(f"{run.folder} is not what it landed: {'; '.join(faults)}; {remedy}")
    return pl.concat(frames)


def empty_raw(table: RawTable) -> pl.DataFrame:
    """A raw table without a row."""
    return pl.DataFrame(schema=_schema(table))


def _read_part(path: Path, part: Part, schema: pl.Schema) -> pl.DataFrame:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != part.sha256:
        raise ValueError(f"hash is {found[:12]}, listed as {part.sha256[:12]}")
    frame = pl.read_parquet(content).match_to_schema(schema, extra_columns="ignore")
    if len(frame) != part.rows:
        raise ValueError(f"{len(frame)} rows, listed as {part.rows}")
    return frame


@cache
def _schema(table: RawTable) -> pl.Schema:
    return pl.Schema(RAW_SCHEMAS[table])


def latest_site_record(data: Path, site: str) -> SiteRecord | None:
    """What the newest crawl knows of its site; None before any crawl."""
    for run in reversed(raw_runs(data, site, RawTable.SITE)):
        rows = read_parts(run).rows(named=True)
        if rows:
            newest = max(rows, key=lambda row: row["crawled_at"])
            lists = ("hosts", "page_url_forms", "picture_hosts")
            return SiteRecord(**{**newest, **{name: tuple(newest[name] or ()) for name in lists}})
    return None
