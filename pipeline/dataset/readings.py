"""Lists that crawls read whole: the curated table ``readings``, from the units of manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipeline.dataset.columns import BEGAN_AT, CRAWL_ID, ENDED_AT, KEY, KIND
from pipeline.dataset.crawls import Crawl, instant
from pipeline.dataset.curated import Curated, empty_curated, read_curated, write_curated
from pipeline.dataset.ledger import Ledger
from scrapers.records import GONE, LandedUnit, Mode, RawTable, UnitKind, UnitState

__all__ = ["CATALOGUE", "add_readings", "merge_readings"]

CATALOGUE: Final = "catalogue"
"""Kind of the reading of a whole catalogue; its key is empty."""
_BEGUN: Final = "begun_at"
_LISTS: Final = frozenset({UnitKind.ITEM_LIKES, UnitKind.USER_LIKES})
_KINDS: Final = {
    RawTable.ITEMS: (CATALOGUE,),
    RawTable.LIKES: tuple(_LISTS),
    RawTable.FEATURES: (UnitKind.ITEM_FEATURES,),
}
_EMPTY: Final = empty_curated(Curated.READINGS)
_KEY: Final = (KIND, KEY, CRAWL_ID, ENDED_AT)


def add_readings(
    data: Path,
    site: str,
    crawls: Sequence[Crawl],
    ledger: Ledger,
    first_read_at: Mapping[str, datetime],
) -> pl.DataFrame:
    """Keep what these crawls read whole beside what was kept before; all of it.

    Parameters
    ----------
    crawls : of one table.
    ledger : the units of parts that it knows are kept already.
    first_read_at : when rows of a crawl were read, where that was before it says that it began.

    Raises
    ------
    RawZoneError : an instant in a manifest that is none.
    """
    known = read_curated(data, site, Curated.READINGS)
    rows = [
        row
        for crawl in crawls
        for row in _rows(crawl, Ledger() if known is None else ledger, first_read_at)
    ]
    new = pl.DataFrame(rows, schema=_EMPTY.schema, orient="row")
    before = _EMPTY if known is None else known
    readings = _begun_by(crawls, merge_readings(before, new))
    if not readings.equals(before):
        write_curated(data, site, Curated.READINGS, readings)
    return readings


def merge_readings(*readings: pl.DataFrame) -> pl.DataFrame:
    """All readings, each once and sorted; a crawl began when the first of its runs did."""
    began_at = pl.col(BEGAN_AT).min().over(KIND, CRAWL_ID)
    return pl.concat(readings).with_columns(began_at).unique(_KEY).sort(_KEY)


def _begun_by(crawls: Sequence[Crawl], readings: pl.DataFrame) -> pl.DataFrame:
    """Readings of crawls that may have begun in a run that has read no list whole."""
    begun = pl.DataFrame(
        [(kind, c.crawl_id, c.began_at) for c in crawls for kind in _KINDS[c.table]],
        schema={KIND: pl.String, CRAWL_ID: pl.String, _BEGUN: _EMPTY.schema[BEGAN_AT]},
        orient="row",
    )
    earliest = pl.min_horizontal(BEGAN_AT, _BEGUN).alias(BEGAN_AT)
    joined = readings.join(begun, on=[KIND, CRAWL_ID], how="left", maintain_order="left")
    return joined.with_columns(earliest).drop(_BEGUN)


def _rows(
    crawl: Crawl, ledger: Ledger, first_read_at: Mapping[str, datetime]
) -> Iterator[tuple[Any, ...]]:
    began_at = min(crawl.began_at, first_read_at.get(crawl.crawl_id, crawl.began_at))
    if crawl.table is RawTable.ITEMS and crawl.mode is Mode.FULL and crawl.is_complete:
        yield CATALOGUE, "", crawl.crawl_id, began_at, crawl.ended_at, None
    for run in crawl.runs:
        for unit in (unit for part in ledger.missing(run) for unit in part.units):
            if _is_whole(unit):
                ended_at = instant(run, unit.ended_at)
                yield unit.kind, unit.key, crawl.crawl_id, began_at, ended_at, unit.why


def _is_whole(unit: LandedUnit) -> bool:
    """Whether a unit tells what is not there: a list read whole, or something that is gone."""
    is_list = unit.kind in _LISTS and unit.whole
    return unit.state is UnitState.DONE and (is_list or unit.why == GONE)
