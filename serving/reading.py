"""Rows of a snapshot's tables as JSON text and arrays, in the columns that the door declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.tables import SNAPSHOT_TABLES, Table
from serving.snapshot import Lists

__all__ = [
    "TABLES",
    "json_objects",
    "json_of",
    "lists_by_model",
    "placed",
    "release_memory",
    "table_rows",
]

TABLES = {table.name: table for table in SNAPSHOT_TABLES}


def json_of(table: Table, columns: Iterable[str]) -> str:
    """SQL expression of a row as a JSON object: instants as ISO 8601 in UTC, NaN as null."""
    types = {column.name: column.type for column in table.columns}
    fields = ", ".join(f"'{name}': {_json_field(name, types[name])}" for name in columns)
    return f"to_json({{{fields}}})::VARCHAR"


def _json_field(name: str, sql_type: str) -> str:
    quoted = f'"{name}"'
    if sql_type == "TIMESTAMPTZ":
        return f"strftime({quoted} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if sql_type == "DOUBLE":
        return f"CASE WHEN isfinite({quoted}) THEN {quoted} END"
    return quoted


def json_objects(con: duckdb.DuckDBPyConnection, query: str) -> list[bytes]:
    """First column of a query (JSON objects as text), each without its first brace."""
    return [text.encode()[1:] for (text,) in con.sql(query).fetchall()]


def table_rows(
    con: duckdb.DuckDBPyConnection, name: str, order: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """All rows of a small table as dictionaries of JSON values."""
    table = TABLES[name]
    query = f"SELECT {json_of(table, table.column_names)} FROM {name}"  # noqa: S608
    if order:
        query += " ORDER BY " + ", ".join(order)
    return [orjson.loads(text) for (text,) in con.sql(query).fetchall()]


def lists_by_model(
    con: duckdb.DuckDBPyConnection, *, table: str, subject: str, model: str
) -> tuple[list[Any], NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Subjects, list lengths, flat item_idxs and flat scores of one model's lists.

    Raises
    ------
    ValueError : a list and its scores differ in length.
    """
    rows = con.sql(
        f"SELECT {subject}, item_idxs, scores FROM {table} WHERE model = $model",  # noqa: S608
        params={"model": model},
    ).to_arrow_table()
    idxs = rows.column("item_idxs").combine_chunks()
    scores = rows.column("scores").combine_chunks()
    lengths = idxs.value_lengths().to_numpy().astype(np.int64)
    if not np.array_equal(lengths, scores.value_lengths().to_numpy()):
        raise ValueError(f"{table} of {model}: a list and its scores differ in length")
    flat_idxs = idxs.flatten().to_numpy(zero_copy_only=False)
    flat_scores = scores.flatten().to_numpy(zero_copy_only=False)
    return rows.column(subject).to_pylist(), lengths, flat_idxs, flat_scores


def placed(
    rows: NDArray[np.int64],
    lengths: NDArray[np.int64],
    n_subjects: int,
    item_idxs: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> Lists:
    """Lists by subject from lists in any order; ``rows`` says whose each one is."""
    ends = np.cumsum(lengths)
    starts, stops = np.zeros(n_subjects, np.int64), np.zeros(n_subjects, np.int64)
    starts[rows] = ends - lengths
    stops[rows] = ends
    return Lists(starts, stops, item_idxs, scores)


def release_memory() -> None:
    """Give back what arrays that nobody holds any more have left in Arrow's pool.

    Without it a swap keeps the room of the old snapshot: 742 MB instead of 454 at 62,583 users.
    """
    pa.default_memory_pool().release_unused()
