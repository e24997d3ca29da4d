"""Figures of earlier snapshots, carried into the next one."""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb
import polars as pl

from pipeline.pointer import snapshot_path
from pipeline.snapshot.files import kept_snapshots
from pipeline.tables import SCHEMA_VERSION

__all__ = ["carried_history"]

_LOG = logging.getLogger(__name__)


def carried_history(data: Path, site: str) -> pl.DataFrame | None:
    """Table ``evaluation_history`` of the newest kept snapshot that can be read.

    The newest, published or not: it holds all that the published one holds, and what was
    evaluated while another one was pinned.  None before the first snapshot; a file that is
    damaged or of another schema version is passed over with a warning.
    """
    for snapshot_id in reversed(kept_snapshots(data, site)):
        path = snapshot_path(data, site, snapshot_id)
        try:
            with duckdb.connect(path, read_only=True) as connection:
                rows = connection.execute("SELECT schema_version FROM snapshot_info").fetchall()
                if rows == [(SCHEMA_VERSION,)]:
                    found = connection.sql("FROM evaluation_history").to_arrow_table()
                    # DuckDB gives instants in the zone of the machine, by whatever name.
                    return pl.DataFrame(found).with_columns(
                        pl.col("evaluated_at").dt.convert_time_zone("UTC")
                    )
            _LOG.warning("evaluation history of %s is of another schema version", path)
        except duckdb.Error as err:
            _LOG.warning("evaluation history of %s cannot be read: %s", path, err)
    return None
