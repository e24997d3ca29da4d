"""A DuckDB connection for ad-hoc questions that can read one site's tables and no file.

The snapshot is attached read-only.  Curated Parquet is read by Arrow and shown as views, so
DuckDB itself needs no file: its access to files, extensions and the network is off, and its
configuration is locked.  Allowing the curated folder instead would let ``COPY`` write there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
from pyarrow import dataset

from pipeline.dataset.curated import Curated, curated_path
from pipeline.errors import SnapshotError
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.tables import CURATED_TABLES, quoted

__all__ = ["CURATED", "SNAPSHOT", "lock", "open_snapshot"]

SNAPSHOT: Final = "snapshot"
CURATED: Final = "curated"
# No spilling: a temp folder would be a place that COPY may write to.
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {"temp_directory": ""}
_LOCK: Final = (
    "SET allowed_directories = []",
    "SET allowed_paths = []",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def open_snapshot(data: Path, site: str) -> duckdb.DuckDBPyConnection:
    """Locked connection to the published snapshot of a site and its curated tables.

    Tables of the snapshot need no prefix; ``curated.likes`` names a curated one.  What is
    created lives in memory and goes with the connection.

    Raises
    ------
    SnapshotError : nothing is published, or the file cannot be opened.
    """
    connection = duckdb.connect(":memory:", config=_CONFIG)
    try:
        _attach(connection, data, site)
        _add_curated(connection, data, site)
        lock(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Take files, extensions and settings away from a connection, for good."""
    for statement in _LOCK:
        connection.execute(statement)


def _attach(connection: duckdb.DuckDBPyConnection, data: Path, site: str) -> None:
    try:
        pointer = read_pointer(data, site)
    except ValueError as err:
        raise SnapshotError(str(err)) from err
    if pointer is None:
        raise SnapshotError(f"nothing of {site} is published under {data}; run a refresh first")
    path = snapshot_path(data, site, pointer.snapshot_id)
    try:
        connection.execute(f"ATTACH {quoted(str(path))} AS {SNAPSHOT} (READ_ONLY)")
        connection.execute(f"ATTACH ':memory:' AS {CURATED}")
        connection.execute(f"SET search_path = '{SNAPSHOT},memory'")
    except duckdb.Error as err:
        raise SnapshotError(f"snapshot {path} cannot be opened: {err}") from err


def _add_curated(connection: duckdb.DuckDBPyConnection, data: Path, site: str) -> None:
    """Views over those curated tables that exist."""
    for table in CURATED_TABLES:
        path = curated_path(data, site, Curated(table.name))
        if path.exists():
            source = f"{CURATED}_{table.name}"
            connection.register(source, dataset.dataset(path, format="parquet"))
            view = f"{CURATED}.main.{table.name}"
            # Names come from the door, never from data.
            connection.execute(f"CREATE VIEW {view} AS FROM temp.main.{source}")
            connection.execute(f"COMMENT ON VIEW {view} IS {quoted(table.comment)}")
            for column in table.columns:
                text = quoted(column.comment)
                connection.execute(f'COMMENT ON COLUMN {view}."{column.name}" IS {text}')
