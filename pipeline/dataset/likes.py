"""Curated likes: they accumulate over runs, with first and last seen times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.dataset.anonymize import anonymize
from pipeline.dataset.columns import (
    FIRST_SEEN_AT,
    GONE_AT,
    ITEM_ID,
    KEY_ID,
    LAST_SEEN_AT,
    LIKED_AT,
    PAIR,
    USER_ID,
)
from pipeline.dataset.crawls import crawls_of
from pipeline.dataset.curated import (
    Curated,
    curating,
    empty_curated,
    read_curated,
    write_curated,
)
from pipeline.dataset.gone import with_gone_likes
from pipeline.dataset.keys import Key
from pipeline.dataset.ledger import new_rows, read_ledger, write_ledger
from pipeline.dataset.readings import add_readings
from pipeline.dataset.soundness import sound_runs
from pipeline.errors import KeyFileError
from scrapers.records import RawTable

__all__ = ["LikesReport", "accumulate_likes", "curate_likes", "likes_run_ids", "refuse_other_key"]

_NEW: Final = "_new"


@dataclass(frozen=True, slots=True)
class LikesReport:
    """What a curation of likes did; ``run_ids`` are the runs that were read for it.

    ``n_likes`` counts all that were ever seen, ``n_gone`` those of them that are gone.
    """

    n_likes: int
    n_users: int
    n_items: int
    n_new_likes: int
    n_gone: int
    n_raw_rows: int
    run_ids: tuple[str, ...]
    key_id: str


def accumulate_likes(curated: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Both frames as one, a row a pair: earliest ``liked_at`` and first, latest last seen.

    The order of runs does not matter, and rows that come twice change nothing.  What is gone
    is not known of the rows: see `pipeline.dataset.gone`.

    Parameters
    ----------
    curated, new : columns of the curated table, pairs unique in each.

    Raises
    ------
    KeyFileError : the rows were made with different keys.
    """
    _refuse_mixed_keys(curated[KEY_ID], new[KEY_ID])
    both = curated.join(new, on=PAIR, how="full", coalesce=True, suffix=_NEW)
    of_both = {name: (name, f"{name}{_NEW}") for name in curated.columns if name not in PAIR}
    return both.select(
        *PAIR,
        pl.min_horizontal(of_both[LIKED_AT]).alias(LIKED_AT),
        pl.min_horizontal(of_both[FIRST_SEEN_AT]).alias(FIRST_SEEN_AT),
        pl.max_horizontal(of_both[LAST_SEEN_AT]).alias(LAST_SEEN_AT),
        pl.lit(None, dtype=curated.schema[GONE_AT]).alias(GONE_AT),
        pl.coalesce(of_both[KEY_ID]).alias(KEY_ID),
    ).sort(PAIR)


def _refuse_mixed_keys(*sources: pl.Series) -> None:
    key_ids = pl.concat(sources).unique().sort().to_list()
    if len(key_ids) > 1:
        raise KeyFileError(
            f"likes of this site were curated with another key (key_id {' and '.join(key_ids)}): "
            "every person would be doubled; restore the first key file, or move the curated zone "
            "away and curate anew"
        )


def refuse_other_key(data: Path, site: str, key: Key) -> None:
    """Nothing where the site's curated likes were made with this key, or there are none.

    Raises
    ------
    KeyFileError : they were made with another key.
    """
    curated = read_curated(data, site, Curated.LIKES)
    if curated is not None:
        _refuse_mixed_keys(curated[KEY_ID], pl.Series([key.key_id]))


def curate_likes(data: Path, site: str, key: Key) -> LikesReport:
    """Pseudonymize what was landed since the last time and add it to the curated likes.

    Likes that a list which was read whole since does not hold any more are marked as gone.

    Raises
    ------
    KeyFileError : the curated likes were made with another key.
    DriftError : what the newest crawl landed of any table has drifted.
    RawZoneError : a part that is not what its manifest says.
    """
    with curating(data, site):
        return _curate_likes(data, site, key)


def _curate_likes(data: Path, site: str, key: Key) -> LikesReport:
    curated = read_curated(data, site, Curated.LIKES)
    ledger = read_ledger(data, site)
    if curated is None:
        curated, ledger = empty_curated(Curated.LIKES), ledger.without(RawTable.LIKES)
    _refuse_mixed_keys(curated[KEY_ID], pl.Series([key.key_id]))
    runs = sound_runs(data, site)[RawTable.LIKES]
    new = new_rows(RawTable.LIKES, runs, ledger)
    likes = curated
    if new.runs:
        accumulated = accumulate_likes(curated, anonymize(new.rows, site, key))
        readings = add_readings(data, site, crawls_of(runs), ledger, new.first_read_at)
        likes = with_gone_likes(accumulated, readings)
        write_curated(data, site, Curated.LIKES, likes)
        write_ledger(data, site, ledger.with_runs(new.runs))
    return LikesReport(
        n_likes=len(likes),
        n_users=likes[USER_ID].n_unique(),
        n_items=likes[ITEM_ID].n_unique(),
        n_new_likes=len(likes) - len(curated),
        n_gone=likes[GONE_AT].count(),
        n_raw_rows=len(new.rows),
        run_ids=tuple(run.run_id for run in new.runs),
        key_id=key.key_id,
    )


def likes_run_ids(data: Path, site: str) -> tuple[str, ...]:
    """Crawl runs whose likes are curated, sorted."""
    return read_ledger(data, site).run_ids(RawTable.LIKES)
