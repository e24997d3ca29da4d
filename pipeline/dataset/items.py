"""The curated catalogue: it accumulates over runs, and the newest known value wins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.dataset.columns import (
    ANNOUNCED_LIKE_COUNT,
    CATEGORIES,
    CRAWLED_AT,
    FIRST_SEEN_AT,
    GONE_AT,
    ITEM_ID,
    LAST_SEEN_AT,
    LIKE_COUNT,
    TAGS,
    THUMBNAILS,
    TITLE,
    URL,
)
from pipeline.dataset.crawls import crawls_of
from pipeline.dataset.curated import (
    Curated,
    curating,
    empty_curated,
    read_curated,
    write_curated,
)
from pipeline.dataset.gone import with_gone_items
from pipeline.dataset.ledger import new_rows, read_ledger, write_ledger
from pipeline.dataset.readings import add_readings
from pipeline.dataset.soundness import sound_runs
from scrapers.records import RawTable

__all__ = ["ItemsReport", "accumulate_items", "curate_items"]

_LISTS: Final = (THUMBNAILS, TAGS, CATEGORIES)
_OWN: Final = frozenset({ITEM_ID, FIRST_SEEN_AT, LAST_SEEN_AT, GONE_AT})
_SOURCES: Final = (RawTable.ITEMS, RawTable.FEATURES)


@dataclass(frozen=True, slots=True)
class ItemsReport:
    """What a curation of items did.

    ``n_items`` counts all that were ever seen, ``n_gone`` those of them that are gone;
    ``n_undescribed`` items are known by their id alone.
    """

    n_items: int
    n_new_items: int
    n_undescribed: int
    n_gone: int
    n_raw_rows: int
    run_ids: tuple[str, ...]


def accumulate_items(curated: pl.DataFrame, *observed: pl.DataFrame) -> pl.DataFrame:
    """Curated items after further observations: of each column the newest non-null value.

    What is curated counts as observed at its ``last_seen_at``; an empty list in it as not
    known.  Runs that are added one by one, oldest first, give what all at once do.  What is
    gone is not known of the rows: see `pipeline.dataset.gone`.

    Parameters
    ----------
    observed : rows of the raw tables ``items`` and ``features``, or of other frames with
        ``item_id``, ``crawled_at`` and any column of the curated table.
    """
    known = curated.with_columns(
        pl.col(LAST_SEEN_AT).alias(CRAWLED_AT),
        *(pl.when(pl.col(name).list.len() > 0).then(pl.col(name)) for name in _LISTS),
    )
    schema = empty_curated(Curated.ITEMS).schema
    rows = pl.concat([known, *(_as_items(frame, schema) for frame in observed)], how="diagonal")
    values = [name for name in schema if name not in _OWN]
    return (
        rows.sort(CRAWLED_AT, maintain_order=True)
        .group_by(ITEM_ID)
        .agg(
            pl.min_horizontal(pl.col(FIRST_SEEN_AT).min(), pl.col(CRAWLED_AT).min()).alias(
                FIRST_SEEN_AT
            ),
            pl.col(CRAWLED_AT).max().alias(LAST_SEEN_AT),
            pl.lit(None, dtype=schema[GONE_AT]).alias(GONE_AT),
            *(pl.col(name).drop_nulls().last() for name in values),
        )
        .with_columns(pl.col(name).fill_null([]) for name in _LISTS)
        .select(schema.names())
        .sort(ITEM_ID)
    )


def _as_items(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    named = frame.rename({LIKE_COUNT: ANNOUNCED_LIKE_COUNT}, strict=False)
    return named.select(name for name in named.columns if name in schema or name == CRAWLED_AT)


def curate_items(data: Path, site: str) -> ItemsReport:
    """Add what was landed of items and features since the last time to the curated items.

    A liked item that no catalogue names gets a row of its id alone, so that every like has
    an item.  What a whole catalogue does not list any more, or what the site says is not
    there, is marked as gone.

    Raises
    ------
    DriftError : what the newest crawl landed of items or features has drifted.
    RawZoneError : a part that is not what its manifest says.
    """
    with curating(data, site):
        return _curate_items(data, site)


def _curate_items(data: Path, site: str) -> ItemsReport:
    curated = read_curated(data, site, Curated.ITEMS)
    ledger = read_ledger(data, site)
    if curated is None:
        curated, ledger = empty_curated(Curated.ITEMS), ledger.without(*_SOURCES)
    likes = read_curated(data, site, Curated.LIKES)
    likes = empty_curated(Curated.LIKES) if likes is None else likes
    landed = sound_runs(data, site, _SOURCES)
    new = {table: new_rows(table, runs, ledger) for table, runs in landed.items()}
    described = accumulate_items(curated, *(found.rows for found in new.values()))
    known = accumulate_items(described, *_undescribed(likes, described))
    for table, runs in landed.items():
        readings = add_readings(data, site, crawls_of(runs), ledger, new[table].first_read_at)
    items = with_gone_items(known, likes, readings)
    write_curated(data, site, Curated.ITEMS, items)
    runs = [run for found in new.values() for run in found.runs]
    if runs:
        write_ledger(data, site, ledger.with_runs(runs))
    bare = pl.all_horizontal(pl.col(TITLE, URL).is_null())
    return ItemsReport(
        n_items=len(items),
        n_new_items=len(items) - len(curated),
        n_undescribed=len(items.filter(bare)),
        n_gone=items[GONE_AT].count(),
        n_raw_rows=sum(len(found.rows) for found in new.values()),
        run_ids=tuple(sorted({run.run_id for run in runs})),
    )


def _undescribed(likes: pl.DataFrame, items: pl.DataFrame) -> list[pl.DataFrame]:
    """When likes first and last named items that have no row."""
    seen = likes.join(items, on=ITEM_ID, how="anti").group_by(ITEM_ID)
    return [
        seen.agg(pl.col(FIRST_SEEN_AT).min().alias(CRAWLED_AT)),
        seen.agg(pl.col(LAST_SEEN_AT).max().alias(CRAWLED_AT)),
    ]
