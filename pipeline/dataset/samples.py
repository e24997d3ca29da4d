"""A few raw rows that show what a crawl found; nothing in them tells of a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from pipeline.dataset.columns import CRAWLED_AT, ITEM_ID, TITLE
from pipeline.dataset.drift import Finding
from pipeline.dataset.measures import Measured
from scrapers.records import USER_HANDLE

__all__ = ["sample_rows"]

_SHOWN: Final = 3
_LENGTH: Final = 120


def sample_rows(rows: pl.DataFrame, found: Iterable[Finding]) -> tuple[Mapping[str, str], ...]:
    """The first rows, those without a value of a field that findings name before others.

    Values that are no text are JSON, and long ones are cut.  A user handle is never among them.

    Parameters
    ----------
    rows : of a raw table.
    """
    named = [finding.field for finding in found if finding.field in rows.columns]
    emptied = [f.field for f in found if f.what is Measured.FILLED]
    gaps = [_is_empty(rows, name) for name in emptied if name in rows.columns]
    first = rows.with_columns(pl.sum_horizontal([*gaps, pl.lit(0)]).alias("gaps"))
    shown = first.sort("gaps", descending=True, maintain_order=True).head(_SHOWN)
    wanted = dict.fromkeys([ITEM_ID, TITLE, *named, CRAWLED_AT])
    columns = [name for name in wanted if name in rows.columns and name != USER_HANDLE]
    return tuple(
        {name: _text(value) for name, value in row.items()}
        for row in shown.select(columns).to_dicts()
    )


def _is_empty(rows: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    empty = column.is_null()
    if rows.schema[name] == pl.String:
        empty = empty | (column.str.strip_chars() == "")
    elif isinstance(rows.schema[name], pl.List):
        empty = empty | (column.list.len() == 0)
    return empty.fill_null(value=True).cast(pl.Int32)


def _text(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:_LENGTH]
