"""Figures of what a crawl landed, by which it can be held against another crawl."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

from pipeline.dataset.columns import CRAWLED_AT, ITEM_ID, THUMBNAILS, URL
from pipeline.dataset.crawls import Crawl
from scrapers.records import USER_HANDLE, LandedUnit, UnitKind

__all__ = ["PERCENTS", "Measure", "Measured", "measures_of"]

_REJECTED: Final = "rejected"
_IDS: Final = frozenset({ITEM_ID, USER_HANDLE})
_SPELLING: Final = "like_count_text"
"""Filled or not by how the catalogue is read, not by what the site shows."""
_LISTS: Final = (UnitKind.ITEM_LIKES, UnitKind.USER_LIKES)
_CLASSES: Final = (
    (r"^[0-9]+$", "digits"),
    (r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "uuid"),
    (r"^[0-9a-f]+$", "hex"),
    (r"^[0-9A-Za-z]+$", "alphanumeric"),
    (r"^[0-9A-Za-z_-]+$", "slug"),
)
_OTHER: Final = "other"
_NO_HOST: Final = "no host"
_LENGTHS: Final = (4, 8, 16, 32, 64, 128)
PERCENTS: Final = range(5, 100, 5)
"""At which quantiles are taken."""


class Measured(StrEnum):
    """What a measure says of its field, in the words of a message."""

    ROWS = "rows"
    LISTS = "lists read"
    FILLED = "share of rows with a value"
    REJECTED = "share of records rejected"
    SHAPE = "share of ids that are"
    HOST = "share of urls on"
    ZERO = "share of zeros"
    QUANTILE = "quantile"
    LENGTH = "mean number of entries"
    INSTANT = "quantile in seconds since 1970"
    EMPTY = "share of lists that are empty"
    READ = "read of what was announced"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a field; ``detail`` tells figures of one kind apart, ``n`` is of how many."""

    what: Measured
    field: str
    detail: str
    value: float
    n: int


def measures_of(crawl: Crawl, rows: pl.DataFrame) -> tuple[Measure, ...]:
    """Measures of a crawl of one table; shares and quantiles of nothing have none.

    Parameters
    ----------
    rows : all that the crawl landed, columns of its raw table.
    """
    names = [name for name in rows.columns if name not in {CRAWLED_AT, _SPELLING}]
    return (
        Measure(Measured.ROWS, "", "", len(rows), 1),
        *_of_rejects(crawl, len(rows)),
        *_of_lists(crawl),
        *(measure for name in names for measure in _of_column(rows[name])),
    )


def _of_rejects(crawl: Crawl, n_rows: int) -> Iterator[Measure]:
    counts = crawl.counts
    n = n_rows + counts.get(_REJECTED, 0)
    if n:
        yield Measure(Measured.REJECTED, "", "", counts.get(_REJECTED, 0) / n, n)
        for name in sorted(name for name in counts if name.startswith(f"{_REJECTED}_")):
            field = name.removeprefix(f"{_REJECTED}_")
            yield Measure(Measured.REJECTED, field, "", counts[name] / n, n)


def _of_lists(crawl: Crawl) -> Iterator[Measure]:
    """Measures of each kind of lists by itself: a site can be read from either side."""
    for kind in _LISTS:
        lists = [unit for unit in crawl.units.values() if unit.kind is kind]
        if lists:
            yield from _of_lists_alike(kind.value, lists)


def _of_lists_alike(kind: str, lists: list[LandedUnit]) -> Iterator[Measure]:
    yield Measure(Measured.LISTS, kind, "", len(lists), 1)
    empty = sum(unit.read == 0 for unit in lists)
    yield Measure(Measured.EMPTY, kind, "", empty / len(lists), len(lists))
    told = [unit for unit in lists if unit.announced]
    announced = sum(unit.announced or 0 for unit in told)
    if announced:
        read = sum(min(unit.read, unit.announced or 0) for unit in told)
        yield Measure(Measured.READ, kind, "", read / announced, len(told))


def _of_column(column: pl.Series) -> Iterator[Measure]:
    name, values = column.name, column.filter(_is_filled(column))
    if len(column):
        yield Measure(Measured.FILLED, name, "", len(values) / len(column), len(column))
    if values.is_empty():
        return
    if name in _IDS:
        yield from _shares(Measured.SHAPE, name, _shapes(values.unique()))
    elif name == THUMBNAILS:
        yield from _shares(Measured.HOST, name, _hosts(values.explode().struct.field("url")))
    elif name.endswith(URL):
        yield from _shares(Measured.HOST, name, _hosts(values))
    if values.dtype.is_integer():
        yield Measure(Measured.ZERO, name, "", int((values == 0).sum()) / len(values), len(values))
        yield from _quantiles(Measured.QUANTILE, values)
    elif isinstance(values.dtype, pl.List):
        lengths = values.list.len()
        yield Measure(Measured.LENGTH, name, "", float(lengths.sum()) / len(values), len(values))
    elif isinstance(values.dtype, pl.Datetime):
        yield from _quantiles(Measured.INSTANT, values.dt.epoch("s"))


def _is_filled(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return (column.str.strip_chars().str.len_bytes() > 0).fill_null(value=False)
    if isinstance(column.dtype, pl.List):
        return (column.list.len() > 0).fill_null(value=False)
    return column.is_not_null()


def _quantiles(what: Measured, values: pl.Series) -> Iterator[Measure]:
    ordered = values.sort()
    for percent in PERCENTS:
        found = float(ordered[percent * (len(ordered) - 1) // 100])
        yield Measure(what, values.name, f"{percent} %", found, len(values))


def _shares(what: Measured, field: str, names: pl.Series) -> Iterator[Measure]:
    counts = names.rename("name").value_counts(name="count").sort("name")
    for name, count in counts.iter_rows():
        yield Measure(what, field, name, count / len(names), len(names))


def _shapes(ids: pl.Series) -> pl.Series:
    """The form of each id: which letters it has, and about how many."""
    text = pl.col(ids.name)
    kind = pl.lit(_OTHER)
    for pattern, name in reversed(_CLASSES):
        kind = pl.when(text.str.contains(pattern)).then(pl.lit(name)).otherwise(kind)
    letters = text.str.len_chars()
    length = pl.lit(1)
    for least in _LENGTHS:
        length = pl.when(letters >= least).then(least).otherwise(length)
    long = pl.format("{} of {} letters or more", kind, length)
    return ids.to_frame().select(pl.when(kind == "digits").then(kind).otherwise(long)).to_series()


def _hosts(urls: pl.Series) -> pl.Series:
    """The host of each url; a site that moves to another port is the same."""
    hosts = urls.str.extract(r"^https?://(\[[^\]]*\]|[^/?#:]+)").str.to_lowercase()
    return hosts.fill_null(_NO_HOST)
