"""Feedback of visitors as one more source of likes, weighed by the operator; 0 leaves it out.

Anyone may send feedback, so nothing is learned from it until the operator says how much a
visitor's like weighs beside a crawled one.  Visitors are learned from and never judged by: the
figures of models are about crawled likes whatever the weight.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.dataset.columns import ITEM_ID, LIKED_AT, PAIR, PART, USER_ID, WEIGHT
from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.presence import Presence
from pipeline.dataset.splits import Part, Split, split_interactions
from pipeline.errors import CuratedZoneError
from pipeline.tables import FEEDBACK_TABLES, FEEDBACK_VERSION

__all__ = ["read_visitor_likes", "split_by_likes", "with_visitors"]

_TABLE: Final = next(table for table in FEEDBACK_TABLES if table.name == "feedback")
# The last word of a visitor on an item counts; a like that came with a dismissal does not.
_LIKES: Final = f"""
    SELECT visitor, item_id, max(received_at) FROM {_TABLE.name}
    WHERE visitor IS NOT NULL AND kind IN ('like', 'dismiss')
    GROUP BY visitor, item_id
    HAVING max(CASE kind WHEN 'like' THEN received_at END)
         > coalesce(max(CASE kind WHEN 'dismiss' THEN received_at END), -1)
    ORDER BY visitor, item_id
"""  # noqa: S608  names of the door


def read_visitor_likes(data: Path, site: str) -> pl.DataFrame:
    """Likes of a site's visitors, as the curated table ``visitor_likes``; none without feedback.

    A like counts if its visitor has a token, and did not dismiss the item since.

    Raises
    ------
    CuratedZoneError : the file is not one of feedback, or of another version.
    """
    path = data / "feedback" / f"{site}.sqlite"
    if not path.exists():
        return empty_curated(Curated.VISITOR_LIKES)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            rows = connection.execute(_LIKES).fetchall() if version else []
    except sqlite3.Error as err:
        raise CuratedZoneError(f"{path} cannot be read as feedback: {err}") from err
    if version > FEEDBACK_VERSION:  # likes stand alike in all before it
        raise CuratedZoneError(
            f"{path} is of version {version}, at most {FEEDBACK_VERSION} is understood"
        )
    likes = [(_pseudonym(site, visitor), item_id, at) for visitor, item_id, at in rows]
    frame = pl.DataFrame(
        likes,
        schema={USER_ID: pl.String, ITEM_ID: pl.String, LIKED_AT: pl.Int64},
        orient="row",
    )
    time = (
        pl.from_epoch(LIKED_AT, time_unit="s").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    )
    return frame.with_columns(time).sort(PAIR)


def with_visitors(present: Presence, visitor_likes: pl.DataFrame, weight: float) -> pl.DataFrame:
    """Likes to learn from: the crawled ones, and those of visitors with their weight.

    Without weight these are the crawled likes and nothing else; of items that are gone, or that
    no crawl knows, visitors' likes stay out.
    """
    if weight <= 0:
        return present.likes
    known = pl.concat([present.items[ITEM_ID], present.likes[ITEM_ID]]).unique()
    columns = (*PAIR, LIKED_AT)
    crawled = present.likes.select(*columns, pl.lit(1.0, pl.Float32).alias(WEIGHT))
    ours = visitor_likes.filter(pl.col(ITEM_ID).is_in(known.implode())).select(
        *columns, pl.lit(weight, pl.Float32).alias(WEIGHT)
    )
    return pl.concat([crawled, ours])


def split_by_likes(interactions: pl.DataFrame, likes: pl.DataFrame, *, seed: int) -> Split:
    """Split of the interactions in which visitors, who have no crawled like, are for training."""
    is_crawled = pl.col(USER_ID).is_in(likes[USER_ID].unique().implode())
    made = split_interactions(interactions.filter(is_crawled), seed=seed)
    visitors = interactions.filter(~is_crawled).select(
        *PAIR, pl.lit(Part.TRAIN.value, made.parts.schema[PART]).alias(PART)
    )
    if visitors.is_empty():
        return made
    return replace(made, parts=pl.concat([made.parts, visitors]).sort(PAIR))


def _pseudonym(site: str, visitor: str) -> str:
    """Who a visitor is in the tables; the token is random already, so no key is needed."""
    return hashlib.sha256(f"visitor:v1:{site}:{visitor}".encode()).hexdigest()[:32]
