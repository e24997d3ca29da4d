"""A world, the plain form of likes that come from a file, in arrays that answer by subject.

A world is a folder with ``likes.parquet`` (``user_handle, item_id`` and, where known,
``liked_at``) and ``items.parquet`` (``item_id`` and, where known, ``title, creator, tags,
categories, license, published_at, thumbnail_url``; ``listed_again_at`` is the rank at which the
catalogue names an item a second time, as happens on a real site whose ranks shift).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from scrapers.replica.errors import WorldError

__all__ = ["Frames", "Item", "LikeLists", "World", "read_frames", "read_world", "world_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN_AT: Final = -(2**62)

_LIKES: Final = {"user_handle": pl.String, "item_id": pl.String}
_LIKES_OPTIONAL: Final = {"liked_at": pl.Datetime("us", "UTC")}
_ITEMS: Final = {"item_id": pl.String}
_ITEMS_OPTIONAL: Final = {
    "title": pl.String,
    "creator": pl.String,
    "tags": pl.List(pl.String),
    "categories": pl.List(pl.String),
    "license": pl.String,
    "published_at": pl.Datetime("us", "UTC"),
    "thumbnail_url": pl.String,
    "listed_again_at": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a world; `like_count` is the number of its likes in the world."""

    item_id: str
    title: str
    creator: str | None
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    license: str | None
    published_at: datetime | None
    thumbnail_url: str | None
    like_count: int


class LikeLists:
    """The likes of each subject (an item or a user), most recent first, as one flat array.

    Likes without a time come last, in the order of the file.
    """

    def __init__(self, likes: pl.DataFrame, subject: str, other: str, n_subjects: int) -> None:
        ordered = likes.sort(
            subject, "liked_at", descending=[False, True], nulls_last=True, maintain_order=True
        )
        counts = likes.group_by(subject).len()
        all_counts = (
            pl.DataFrame({subject: range(n_subjects)}, schema={subject: pl.Int32})
            .join(counts, on=subject, how="left", maintain_order="left")["len"]
            .fill_null(0)
        )
        self._starts: Sequence[int] = array(
            "q", [0, *all_counts.cast(pl.Int64).cum_sum().to_list()]
        )
        self._others: Sequence[int] = array("i", ordered[other].to_list())
        instants = ordered["liked_at"].dt.timestamp("us").fill_null(_UNKNOWN_AT)
        self._instants: Sequence[int] = array("q", instants.to_list())

    def count(self, subject: int) -> int:
        """Number of likes of a subject."""
        return self._starts[subject + 1] - self._starts[subject]

    def page(self, subject: int, offset: int, count: int) -> list[tuple[int, datetime | None]]:
        """At most `count` likes of a subject from `offset` on: index of the other side, time."""
        first = min(self._starts[subject] + offset, self._starts[subject + 1])
        last = min(first + count, self._starts[subject + 1])
        instants = map(_instant, self._instants[first:last])
        return list(zip(self._others[first:last], instants, strict=True))


@dataclass(frozen=True)
class World:
    """Items (most liked first, ties by id), users (by handle) and the likes from both sides.

    ``listing`` holds the positions of items in the order of the catalogue, where one may stand
    twice.
    """

    name: str
    folder: Path
    items: Sequence[Item]
    listing: Sequence[int]
    users: Sequence[str]
    item_index: Mapping[str, int]
    user_index: Mapping[str, int]
    likes_of_item: LikeLists
    likes_of_user: LikeLists

    @property
    def n_likes(self) -> int:
        """Number of likes."""
        return sum(item.like_count for item in self.items)


@dataclass(frozen=True)
class Frames:
    """A world as its two files have it; optional columns that they lack are null."""

    folder: Path
    likes: pl.DataFrame
    items: pl.DataFrame


def read_world(folder: Path) -> World:
    """World of a folder.

    An item that has likes but no row in ``items.parquet`` is served without a title.

    Raises
    ------
    WorldError : a file or a column is missing, a value is null or stands twice.
    """
    return world_of(read_frames(folder))


def read_frames(folder: Path) -> Frames:
    """Files of a world, checked.

    Raises
    ------
    WorldError : a file or a column is missing, a value is null or stands twice.
    """
    faults: list[str] = []
    likes = _read(folder / "likes.parquet", _LIKES, _LIKES_OPTIONAL, faults)
    items = _read(folder / "items.parquet", _ITEMS, _ITEMS_OPTIONAL, faults)
    if faults:
        raise WorldError(folder, faults)
    return Frames(folder, likes, items)


def world_of(frames: Frames) -> World:
    """World of checked files."""
    likes = frames.likes
    rows = _items_by_likes(frames.items, likes)
    users = likes["user_handle"].unique().sort()
    indexed = likes.join(_positions(rows["item_id"], "item"), on="item_id", maintain_order="left")
    indexed = indexed.join(_positions(users, "user"), on="user_handle", maintain_order="left")
    return World(
        name=frames.folder.resolve().name,
        folder=frames.folder,
        items=tuple(_item(row) for row in rows.iter_rows(named=True)),
        listing=_listing(rows["listed_again_at"]),
        users=tuple(users.to_list()),
        item_index={item_id: idx for idx, item_id in enumerate(rows["item_id"])},
        user_index={handle: idx for idx, handle in enumerate(users)},
        likes_of_item=LikeLists(indexed, "item", "user", len(rows)),
        likes_of_user=LikeLists(indexed, "user", "item", len(users)),
    )


def _read(
    path: Path,
    required: Mapping[str, Any],
    optional: Mapping[str, Any],
    faults: list[str],
) -> pl.DataFrame:
    """Known columns of a file, absent optional ones as nulls; what is wrong goes to `faults`."""
    if not path.is_file():
        faults.append(f"{path.name} is missing")
        return pl.DataFrame()
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as err:
        faults.append(f"{path.name} cannot be read: {err}")
        return pl.DataFrame()
    missing = [name for name in required if name not in frame.columns]
    if missing:
        faults.append(f"{path.name} has no column {', '.join(missing)}")
        return pl.DataFrame()
    kinds = {**required, **optional}
    try:
        columns = [
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
            for name, kind in kinds.items()
        ]
        frame = frame.select(columns)
    except pl.exceptions.PolarsError as err:
        faults.append(f"{path.name} has a column of another type: {err}")
        return pl.DataFrame()
    _check_keys(path.name, frame.select(list(required)), faults)
    return frame


def _check_keys(name: str, keys: pl.DataFrame, faults: list[str]) -> None:
    nulls = sum(keys.null_count().row(0))
    if nulls:
        faults.append(f"{name} has {nulls} nulls in {', '.join(keys.columns)}")
    repeated = len(keys) - keys.n_unique() if len(keys) else 0
    if repeated:
        faults.append(f"{name} has {repeated} rows whose {', '.join(keys.columns)} stands twice")


def _items_by_likes(items: pl.DataFrame, likes: pl.DataFrame) -> pl.DataFrame:
    counts = likes.group_by("item_id").agg(pl.len().cast(pl.Int64).alias("like_count"))
    rows = items.join(counts, on="item_id", how="full", coalesce=True)
    return rows.with_columns(pl.col("like_count").fill_null(0)).sort(
        "like_count", "item_id", descending=[True, False]
    )


def _listing(listed_again_at: pl.Series) -> Sequence[int]:
    listing: Sequence[int] = range(len(listed_again_at))
    again = [(rank, idx) for idx, rank in enumerate(listed_again_at) if rank is not None]
    if again:
        listing = list(listing)
        for rank, idx in sorted(again):
            listing.insert(rank, idx)
    return listing


def _positions(ids: pl.Series, name: str) -> pl.DataFrame:
    return ids.to_frame().with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias(name))


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        item_id=row["item_id"],
        title=row["title"] or "",
        creator=row["creator"],
        tags=tuple(row["tags"] or ()),
        categories=tuple(row["categories"] or ()),
        license=row["license"],
        published_at=row["published_at"],
        thumbnail_url=row["thumbnail_url"],
        like_count=row["like_count"],
    )


def _instant(microseconds: int) -> datetime | None:
    if microseconds == _UNKNOWN_AT:
        return None
    return _EPOCH + timedelta(microseconds=microseconds)
