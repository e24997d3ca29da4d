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
from serving.arrays import Rows, Texts

__all__ = ["TABLES", "json_of", "rows_of", "table_rows", "texts_of"]

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


def table_rows(
    con: duckdb.DuckDBPyConnection, name: str, order: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """All rows of a small table as dictionaries of JSON values."""
    table = TABLES[name]
    query = f"SELECT {json_of(table, table.column_names)} FROM {name}"  # noqa: S608
    if order:
        query += " ORDER BY " + ", ".join(order)
    return [orjson.loads(text) for (text,) in con.sql(query).fetchall()]


def texts_of(column: pa.ChunkedArray) -> Texts:
    """Texts of a column of strings, with no object for each of them; null is empty."""
    whole = column.cast(pa.large_string()).combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    if not len(whole):
        return Texts.of(())
    _, starts, data = whole.buffers()
    offsets = np.frombuffer(starts, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    return Texts(offsets, np.frombuffer(data or b"", np.uint8))


def rows_of(column: pa.ChunkedArray, dtype: type[Any] = np.int32) -> tuple[Rows, NDArray[Any]]:
    """Rows of a column of lists, and its values flat in their own type.

    Raises
    ------
    ValueError : a list is null, or holds one.
    """
    whole = column.combine_chunks()
    if whole.null_count or whole.flatten().null_count:
        raise ValueError("a list is null or holds a null")
    flat = np.asarray(whole.flatten().to_numpy(zero_copy_only=False), dtype)
    lengths = whole.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Rows(starts, flat), flat
