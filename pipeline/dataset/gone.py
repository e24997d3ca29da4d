"""When likes and items were first missed: a pure function of what was seen and what was read.

Something is gone that was last seen before a crawl began which then read its list whole, or
before the site said of its list that it is not there.  It is gone since the earliest such
reading, so the order in which runs are curated changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from pipeline.dataset.columns import (
    BEGAN_AT,
    ENDED_AT,
    GONE_AT,
    ITEM_ID,
    KEY,
    KIND,
    LAST_SEEN_AT,
    USER_ID,
    WHY,
)
from pipeline.dataset.readings import CATALOGUE
from scrapers.records import GONE, UnitKind

__all__ = ["with_gone_items", "with_gone_likes"]

_OF_ITEMS: Final = (UnitKind.ITEM_LIKES.value, UnitKind.ITEM_FEATURES.value)
_PLACE: Final = "place"
_SEEN: Final = "seen"
_SINCE: Final = "since"
_ALL: Final = "all"


def with_gone_likes(likes: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Curated likes with ``gone_at``, by the lists of their item and of their person."""
    return _with_gone(
        likes.with_columns(pl.col(LAST_SEEN_AT).alias(_SEEN)),
        {
            ITEM_ID: readings.filter(pl.col(KIND) == UnitKind.ITEM_LIKES),
            USER_ID: readings.filter(pl.col(KIND) == UnitKind.USER_LIKES),
        },
    ).select(likes.columns)


def with_gone_items(
    items: pl.DataFrame, likes: pl.DataFrame, readings: pl.DataFrame
) -> pl.DataFrame:
    """Curated items with ``gone_at``, by catalogues and by what the site says of each.

    An item that a list of likes names is seen in it, whether a catalogue lists it or not.

    Parameters
    ----------
    likes : curated likes.
    """
    liked = likes.group_by(ITEM_ID).agg(pl.col(LAST_SEEN_AT).max().alias(_SEEN))
    seen = items.join(liked, on=ITEM_ID, how="left").with_columns(
        pl.max_horizontal(LAST_SEEN_AT, _SEEN).alias(_SEEN), pl.lit("").alias(_ALL)
    )
    return _with_gone(
        seen,
        {
            ITEM_ID: readings.filter(pl.col(KIND).is_in(_OF_ITEMS) & (pl.col(WHY) == GONE)),
            _ALL: readings.filter(pl.col(KIND) == CATALOGUE),
        },
    ).select(items.columns)


def _with_gone(rows: pl.DataFrame, readings: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows with the earliest end of a reading that missed them, in their order.

    Parameters
    ----------
    rows : with the instant ``seen``.
    readings : those whose key is the value of a column, by that column.
    """
    dated = rows.with_row_index(_PLACE).sort(_SEEN)
    for column, read in readings.items():
        dated = dated.join_asof(
            _by_since(read, f"by_{column}"),
            left_on=_SEEN,
            right_on=_SINCE,
            by_left=column,
            by_right=KEY,
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,  # it cannot be checked within groups, and warns of that
        ).drop(_SINCE)
    missed = pl.min_horizontal(f"by_{column}" for column in readings)
    return dated.with_columns(missed.alias(GONE_AT)).sort(_PLACE)


def _by_since(readings: pl.DataFrame, name: str) -> pl.DataFrame:
    """Since when what was not seen is gone, and the earliest end of such a reading."""
    since = pl.when(pl.col(WHY) == GONE).then(ENDED_AT).otherwise(BEGAN_AT)
    earliest = pl.col(ENDED_AT).cum_min(reverse=True).over(KEY)
    return (
        readings.select(KEY, ENDED_AT, since.alias(_SINCE))
        .sort(_SINCE)
        .select(KEY, _SINCE, earliest.alias(name))
    )
