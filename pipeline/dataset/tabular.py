"""A person's own file, Parquet or CSV, as a checked frame, with every fault named at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, cast

import polars as pl

__all__ = ["Checked", "Kind", "Rule", "read_table"]

ID_LENGTH_LIMIT: Final = 512
"""Characters of an id: arrays of ids take the room of the longest for each."""
_PARQUET_MAGIC: Final = b"PAR1"
_LIST_SEPARATOR: Final = "|"
_ROW: Final = "\x00row"
_SHOWN: Final = 8
_TEXT_TYPES: Final = (pl.String, pl.Categorical, pl.Enum)
_INSTANT: Final = pl.Datetime("us", "UTC")


class Kind(StrEnum):
    """What a column holds, in the words that a fault uses."""

    ID = "an id (text)"
    TEXT = "text"
    TEXTS = "a list of texts"
    INSTANT = "a timestamp"
    WEIGHT = "a number of at least 0"


_DTYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.ID: pl.String(),
    Kind.TEXT: pl.String(),
    Kind.TEXTS: pl.List(pl.String()),
    Kind.INSTANT: _INSTANT,
    Kind.WEIGHT: pl.Float32(),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A column that is read; one that is not required may be missing and is then null."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A file's rows, or its faults (then ``frame`` has no rows), and notes for the reader.

    ``frame`` has every column of the rules, in their order.
    """

    frame: pl.DataFrame
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_table(path: Path, rules: Sequence[Rule], key: Sequence[str]) -> Checked:
    """Rows of a Parquet or CSV file that satisfy the rules and are unique by ``key``.

    A file that begins as Parquet does is Parquet, any other is CSV: UTF-8, with a header,
    instants in ISO 8601, lists separated by ``|``.  An instant without a zone is taken as
    UTC.  Nothing is raised for what the file holds: see `Checked.faults`.
    """
    empty = pl.DataFrame(schema={rule.name: _DTYPES[rule.kind] for rule in rules})
    try:
        loaded = _load(path, [rule.name for rule in rules])
    except _UnreadableError as err:
        return Checked(empty, (f"{path}: {err}",))
    frame, ignored = loaded.frame, loaded.ignored
    faults = list(_missing(loaded, rules))
    columns: list[pl.Series] = []
    for rule in rules:
        column, found = _column(loaded, rule)
        columns.append(column)
        faults += found
    checked = pl.DataFrame(columns)
    if frame.is_empty():
        faults.append("holds no rows")
    elif all(name in frame.columns for name in key):
        faults += _repeated(frame[_ROW], checked, key)
    notes = (f"{path}: ignored {_named(ignored)}",) if ignored else ()
    return Checked(
        empty if faults else checked, tuple(f"{path}: {fault}" for fault in faults), notes
    )


class _UnreadableError(Exception):
    """The file cannot be opened as a table; the message says why."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Wanted columns of a file with a row number, names of the others, and the file's kind."""

    frame: pl.DataFrame
    ignored: list[str]
    is_csv: bool


def _load(path: Path, wanted: Sequence[str]) -> _Loaded:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_PARQUET_MAGIC))
        if not magic:
            raise _UnreadableError("is an empty file")
        if magic == _PARQUET_MAGIC:
            return _load_parquet(path, wanted)
        if path.suffix.lower() in {".parquet", ".pq"}:
            raise _UnreadableError("is not a Parquet file, though its name says so")
        return _load_csv(path, wanted)
    except FileNotFoundError:
        raise _UnreadableError("does not exist") from None
    except OSError as err:
        raise _UnreadableError(f"cannot be read: {err.strerror or _first_line(err)}") from err
    except (pl.exceptions.PolarsError, csv.Error, UnicodeDecodeError) as err:
        kind = "Parquet" if magic == _PARQUET_MAGIC else "CSV in UTF-8"
        raise _UnreadableError(f"is not readable as {kind}: {_first_line(err)}") from err


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0]


def _load_parquet(path: Path, wanted: Sequence[str]) -> _Loaded:
    names = list(pl.read_parquet_schema(path))
    present = [name for name in names if name in wanted]
    frame = pl.read_parquet(path, columns=present, glob=False)
    if not present:
        frame = pl.read_parquet(path, glob=False).select([])
    ignored = [name for name in names if name not in wanted]
    return _Loaded(frame.with_row_index(_ROW, offset=1), ignored, is_csv=False)


def _load_csv(path: Path, wanted: Sequence[str]) -> _Loaded:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise _UnreadableError(f"its header names {_named(repeated)} more than once")
    frame = pl.read_csv(path, infer_schema=False, glob=False).with_row_index(_ROW, offset=1)
    filled = frame.filter(~pl.all_horizontal(pl.exclude(_ROW).is_null()))
    present = [name for name in filled.columns if name in wanted]
    ignored = [name for name in names if name not in wanted]
    return _Loaded(filled.select(_ROW, *present), ignored, is_csv=True)


def _missing(loaded: _Loaded, rules: Sequence[Rule]) -> Iterator[str]:
    present = [name for name in loaded.frame.columns if name != _ROW]
    absent = [rule.name for rule in rules if rule.required and rule.name not in present]
    if absent:
        found = present + loaded.ignored
        yield f"misses {_named(absent)}; it has {_named(found) if found else 'no columns'}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"


def _column(loaded: _Loaded, rule: Rule) -> tuple[pl.Series, list[str]]:
    frame, wanted = loaded.frame, _DTYPES[rule.kind]
    if rule.name not in frame.columns:
        blank = pl.Series(rule.name, [None] * len(frame), dtype=wanted)
        return _without_gaps(blank, rule), []
    raw = frame[rule.name]
    converted = _from_text(raw, rule.kind) if loaded.is_csv else _from_typed(raw, rule.kind)
    if converted is None:
        fault = f"column {rule.name!r} is {raw.dtype}, must be {rule.kind.value}"
        return pl.Series(rule.name, [None] * len(frame), dtype=wanted), [fault]
    faults = list(_cell_faults(frame[_ROW], raw, converted, rule))
    return _without_gaps(converted, rule), faults


def _without_gaps(column: pl.Series, rule: Rule) -> pl.Series:
    return column.fill_null([]) if rule.kind is Kind.TEXTS else column


def _from_text(column: pl.Series, kind: Kind) -> pl.Series:
    """The texts as their kind, null where one cannot be."""
    match kind:
        case Kind.ID | Kind.TEXT:
            return column
        case Kind.TEXTS:
            return _without_blanks(column.str.split(_LIST_SEPARATOR))
        case Kind.INSTANT:
            instants = [None if text is None else _instant(text) for text in column.to_list()]
            return pl.Series(column.name, instants, dtype=_INSTANT)
        case Kind.WEIGHT:
            return column.cast(pl.Float32, strict=False)


def _from_typed(column: pl.Series, kind: Kind) -> pl.Series | None:
    """The column as its kind; None for a type that is another."""
    dtype = column.dtype
    if dtype == pl.Null:
        return column.cast(_DTYPES[kind])
    match kind:
        case Kind.ID | Kind.TEXT:
            return column.cast(pl.String) if isinstance(dtype, _TEXT_TYPES) else None
        case Kind.TEXTS:
            inner = dtype.inner if isinstance(dtype, pl.List | pl.Array) else None
            texts = isinstance(inner, (*_TEXT_TYPES, pl.Null))
            return _without_blanks(column) if texts else None
        case Kind.INSTANT:
            return _in_utc(column) if isinstance(dtype, pl.Datetime) else None
        case Kind.WEIGHT:
            return column.cast(pl.Float32) if dtype.is_numeric() else None


def _without_blanks(column: pl.Series) -> pl.Series:
    stripped = pl.element().str.strip_chars()
    texts = column.cast(pl.List(pl.String))
    return texts.list.eval(stripped.filter(stripped.str.len_chars() > 0))


def _in_utc(column: pl.Series) -> pl.Series:
    naive = cast("pl.Datetime", column.dtype).time_zone is None
    return (column.dt.replace_time_zone("UTC") if naive else column).cast(_INSTANT)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _cell_faults(rows: pl.Series, raw: pl.Series, column: pl.Series, rule: Rule) -> Iterator[str]:
    unreadable = column.is_null() & raw.is_not_null()
    yield from _counted(rows, unreadable, f"column {rule.name!r} is not {rule.kind.value}")
    if rule.kind is Kind.ID:
        blank = raw.is_null() | (column.str.strip_chars() == "").fill_null(value=False)
        yield from _counted(rows, blank, f"column {rule.name!r} is empty")
        long = (column.str.len_chars() > ID_LENGTH_LIMIT).fill_null(value=False)
        yield from _counted(
            rows, long, f"column {rule.name!r} is longer than {ID_LENGTH_LIMIT} characters"
        )
        nul = column.str.contains("\x00", literal=True).fill_null(value=False)
        yield from _counted(rows, nul, f"column {rule.name!r} holds a NUL character")
    if rule.kind is Kind.WEIGHT:
        if rule.required:
            yield from _counted(rows, raw.is_null(), f"column {rule.name!r} is empty")
        bad = ((column < 0) | ~column.is_finite()).fill_null(value=False)
        yield from _counted(rows, bad, f"column {rule.name!r} is negative or not finite")


def _counted(rows: pl.Series, bad: pl.Series, what: str) -> Iterator[str]:
    wrong = rows.filter(bad)
    if len(wrong) == 1:
        yield f"{what} in row {wrong[0]}"
    elif len(wrong):
        yield f"{what} in {len(wrong)} rows, first in row {wrong[0]}"


def _repeated(rows: pl.Series, checked: pl.DataFrame, key: Sequence[str]) -> Iterator[str]:
    known = ~pl.any_horizontal(pl.col(*key).is_null())
    again = checked.select((known & ~pl.struct(key).is_first_distinct()).alias(_ROW))[_ROW]
    yield from _counted(rows, again, f"{' and '.join(key)} stand a second time")
