"""What goes into a snapshot, and the tables that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pipeline.lists import ModelLists
from pipeline.slugs import slug
from pipeline.snapshot.fold_ins import ModelFoldIn
from pipeline.tables import SNAPSHOT_TABLES

__all__ = ["Chart", "SnapshotContents", "item_group", "snapshot_items", "user_items"]

_ITEM_COLUMNS: Final = next(t for t in SNAPSHOT_TABLES if t.name == "items").column_names
_HALF_LIFE_S: Final = 30 * 86_400
_PICTURES: Final = pl.List(pl.Struct({"url": pl.String, "width": pl.Int32, "height": pl.Int32}))


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as SVG text, with what it shows in words."""

    chart: str
    title: str
    alternative: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotContents:
    """Everything that a snapshot is built from.

    Attributes
    ----------
    site : one row, columns of the snapshot table ``site``.
    items, likes : the curated tables, whole; what is gone stays out of the snapshot.
    models : columns of the snapshot table ``models``, one row a model.
    lists : lists of each model, read one at a time: a generator keeps memory low.
    evaluation : columns of the snapshot table ``evaluation``; no rows is allowed.
    charts : drawn charts.
    evaluation_details : further tables of the evaluation by name; a missing one stays empty.
    run_ids : crawl runs whose likes are in it.
    data_sha256 : hash of the interactions that the models learned from.
    fold_ins : what models score visitors with, read one at a time as lists are.
    """

    site: pl.DataFrame
    items: pl.DataFrame
    likes: pl.DataFrame
    models: pl.DataFrame
    lists: Iterable[ModelLists]
    evaluation: pl.DataFrame
    charts: Sequence[Chart]
    run_ids: Sequence[str]
    data_sha256: str
    fold_ins: Iterable[ModelFoldIn] = ()
    evaluation_details: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def snapshot_items(items: pl.DataFrame, likes: pl.DataFrame) -> pl.DataFrame:
    """Table ``items``: the catalogue and whatever else is liked, ordered by ``item_id``.

    A liked item that no catalogue crawl has seen has an id, a count and nothing else.
    """
    liked = likes.group_by("item_id").agg(
        pl.len().cast(pl.Int32).alias("like_count"),
        pl.col("first_seen_at").min(),
        _worth(likes).sum().round(6).alias("trend_score"),
    )
    joined = items.join(liked, on="item_id", how="full", coalesce=True, suffix="_of_likes")
    return (
        joined.sort("item_id")
        .with_row_index("item_idx")
        .with_columns(
            pl.col("item_idx").cast(pl.Int32),
            pl.col("like_count").fill_null(0),
            pl.col("trend_score").fill_null(0.0),
            pl.coalesce("first_seen_at", "first_seen_at_of_likes").alias("first_seen_at"),
            pl.col("tags", "categories").fill_null([]),
            pl.col("thumbnails").cast(_PICTURES).fill_null(pl.lit([], dtype=_PICTURES)),
        )
        .select(_ITEM_COLUMNS)
    )


def _worth(likes: pl.DataFrame) -> pl.Expr:
    """What each like is worth by its age: when it was given, else first seen."""
    given = pl.coalesce("liked_at", "first_seen_at")
    newest = likes.select(given.max()).item()
    age_s = (pl.lit(newest) - given).dt.total_seconds()
    return pl.lit(0.5).pow(age_s / _HALF_LIFE_S)


def user_items(likes: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Table ``user_items``: the liked ``item_idx`` of each user, ascending; users ascending."""
    return (
        likes.join(items.select("item_id", "item_idx"), on="item_id")
        .group_by("user_id")
        .agg(pl.col("item_idx").unique().sort().alias("item_idxs"))
        .sort("user_id")
    )


def item_group(items: pl.DataFrame, column: str) -> pl.DataFrame:
    """Tables ``tags``, ``categories``, ``creators``: one row a slug, most liked first.

    Parameters
    ----------
    items : as of `snapshot_items`.
    column : ``tags``, ``categories`` or ``creator``; spellings with one slug are one group.
    """
    names = items.select("item_idx", "like_count", pl.col(column).alias("name"))
    if isinstance(names.schema["name"], pl.List):
        names = names.explode("name")
    names = names.drop_nulls("name")
    slugs = names.select(pl.col("name").unique()).with_columns(
        pl.col("name").map_elements(slug, return_dtype=pl.String).alias("slug")
    )
    spelled = names.join(slugs, on="name")
    common = (
        spelled.group_by("slug", "name")
        .len()
        .sort("slug", "len", "name", descending=[False, True, False])
        .unique("slug", keep="first")
        .select("slug", "name")
    )
    return (
        spelled.unique(["slug", "item_idx"])
        .sort("like_count", "item_idx", descending=[True, False])
        .group_by("slug", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int32).alias("item_count"),
            pl.col("like_count").sum(),
            pl.col("item_idx").alias("item_idxs"),
        )
        .join(common, on="slug")
        .sort("like_count", "slug", descending=[True, False])
        .select("slug", "name", "item_count", "like_count", "item_idxs")
    )
