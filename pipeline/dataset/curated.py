"""The curated zone: one Parquet file a table, checked against door 2 on its way in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

import polars as pl

from pipeline.errors import CuratedZoneError, InputError
from pipeline.files import locked, write_atomically
from pipeline.pointer import SITE_NAME_PATTERN
from pipeline.tables import CURATED_TABLES, Table

__all__ = [
    "Curated",
    "curated_folder",
    "curated_path",
    "curating",
    "empty_curated",
    "polars_schema",
    "read_curated",
    "read_metadata",
    "require_curated",
    "write_curated",
]


class Curated(StrEnum):
    """Names of the curated tables, which are also their files."""

    LIKES = "likes"
    ITEMS = "items"
    READINGS = "readings"
    ITEM_FEATURES = "item_features"
    INTERACTIONS = "interactions"
    SPLIT = "split"
    VISITOR_LIKES = "visitor_likes"


_TABLES: Final[Mapping[str, Table]] = {table.name: table for table in CURATED_TABLES}
_DTYPES: Final[Mapping[str, pl.DataType]] = {
    "VARCHAR": pl.String(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "FLOAT": pl.Float32(),
    "DOUBLE": pl.Float64(),
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
}
_LIST_MARK: Final = "[]"
_STRUCT: Final = re.compile(r"STRUCT\((?P<fields>.*)\)")


def polars_schema(table: Table) -> pl.Schema:
    """Columns of a table of door 2 with their polars types."""
    return pl.Schema({column.name: _dtype(column.type) for column in table.columns})


def _dtype(duckdb_type: str) -> pl.DataType:
    if duckdb_type.endswith(_LIST_MARK):
        return pl.List(_dtype(duckdb_type.removesuffix(_LIST_MARK)))
    struct = _STRUCT.fullmatch(duckdb_type)
    if struct is None:
        return _DTYPES[duckdb_type]
    fields = (field.split() for field in struct["fields"].split(","))
    return pl.Struct({name: _dtype(kind) for name, kind in fields})


def curated_folder(data: Path, site: str) -> Path:
    """Folder of a site's curated tables.

    Raises
    ------
    InputError : the name is not of the form of a site's name.
    """
    if not re.fullmatch(SITE_NAME_PATTERN, site):
        raise InputError([f"site name {site!r} does not match {SITE_NAME_PATTERN}"])
    return data / "curated" / site


@contextmanager
def curating(data: Path, site: str) -> Iterator[None]:
    """Hold the lock under which a site's curated tables are read, changed and written."""
    folder = curated_folder(data, site)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        yield


def curated_path(data: Path, site: str, table: Curated) -> Path:
    """File of a curated table, whether it exists or not."""
    return curated_folder(data, site) / f"{table.value}.parquet"


def read_curated(data: Path, site: str, table: Curated) -> pl.DataFrame | None:
    """Rows of a curated table; None where nothing was curated yet.

    A column that may be null and that an older file does not have yet is null.

    Raises
    ------
    CuratedZoneError : the file is not readable or not of the declared columns.
    """
    path = curated_path(data, site, table)
    if not path.exists():
        return None
    declared = _TABLES[table.value]
    added: dict[str, Literal["insert", "raise"]] = {
        column.name: "insert" if column.nullable else "raise" for column in declared.columns
    }
    try:
        return pl.read_parquet(path, glob=False).match_to_schema(
            polars_schema(declared), missing_columns=added
        )
    except pl.exceptions.PolarsError as err:
        reason = str(err).splitlines()[0]
        remedy = "restore it, or remove it and curate the raw zone again"
        raise CuratedZoneError(f"{path} is not the table {table}: {reason}; {remedy}") from err


def empty_curated(table: Curated) -> pl.DataFrame:
    """The table without a row."""
    return pl.DataFrame(schema=polars_schema(_TABLES[table.value]))


def require_curated(data: Path, site: str, table: Curated) -> pl.DataFrame:
    """Rows of a curated table that must be there.

    Raises
    ------
    CuratedZoneError : nothing was curated yet, or the file is not of the declared columns.
    """
    frame = read_curated(data, site, table)
    if frame is None:
        path = curated_path(data, site, table)
        raise CuratedZoneError(f"{path} does not exist: refresh the site {site!r} first")
    return frame


def write_curated(
    data: Path,
    site: str,
    table: Curated,
    frame: pl.DataFrame,
    *,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Replace a curated table atomically; returns its file.

    Parameters
    ----------
    metadata : facts about the table as a whole, kept in the file (see `read_metadata`).

    Raises
    ------
    CuratedZoneError : columns, types, gaps or a repeated key that door 2 does not allow.
    """
    declared = _TABLES[table.value]
    path = curated_path(data, site, table)
    faults = _faults(frame, declared)
    if faults:
        raise CuratedZoneError(f"{table} of {site} was not written: {'; '.join(faults)}")
    ordered = frame.select(declared.column_names)
    facts = dict(metadata) if metadata else None
    write_atomically(path, lambda file: ordered.write_parquet(file, metadata=facts))
    return path


def read_metadata(data: Path, site: str, table: Curated) -> Mapping[str, str]:
    """Facts that were written with a curated table."""
    return pl.read_parquet_metadata(curated_path(data, site, table))


def _faults(frame: pl.DataFrame, table: Table) -> list[str]:
    schema = polars_schema(table)
    wrong = [
        f"column {name} is {frame.schema.get(name)}, must be {kind}"
        for name, kind in schema.items()
        if frame.schema.get(name) != kind
    ]
    wrong += [f"column {name} is not declared" for name in frame.columns if name not in schema]
    if wrong:
        return wrong
    for column in table.columns:
        gaps = 0 if column.nullable else frame[column.name].null_count()
        if gaps:
            wrong.append(f"column {column.name} is null in {gaps} rows")
    repeated = _repeated(frame, table.key)
    if repeated:
        wrong.append(f"{repeated} rows repeat the key {', '.join(table.key)}")
    return wrong


def _repeated(frame: pl.DataFrame, key: Sequence[str]) -> int:
    """Rows whose key another row has too; quick where rows stand in the order of their keys."""
    ascends, same = pl.lit(value=False), pl.lit(value=True)
    for name in key:
        ascends = ascends | (same & (pl.col(name) > pl.col(name).shift()))
        same = same & (pl.col(name) == pl.col(name).shift())
    if frame.select(ascends.slice(1).all()).item():
        return 0
    return int(len(frame) - frame.select(pl.struct(key).n_unique()).item())
