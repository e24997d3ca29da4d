"""Open data out: a site's curated likes and items in world form, pseudonyms for handles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.dataset.columns import (
    ITEM_ID,
    LIKED_AT,
    PAIR,
    THUMBNAILS,
    USER_ID,
    WEIGHT,
)
from pipeline.dataset.presence import read_present
from pipeline.dataset.world import ITEM_COLUMNS, THUMBNAIL_URL
from pipeline.errors import InputError
from pipeline.files import write_frames
from scrapers.records import USER_HANDLE

__all__ = ["Export", "export_world"]

PICTURE_WIDTH: Final = 320
"""Pixels: the exported picture is the narrowest that is at least so wide, else the widest."""
_URL, _WIDTH = "url", "width"


@dataclass(frozen=True, slots=True)
class Export:
    """What was written where."""

    likes: Path
    items: Path
    n_likes: int
    n_items: int


def export_world(data: Path, site: str, out: Path) -> Export:
    """Write ``likes.parquet`` and ``items.parquet`` of a site, what is there, into a folder.

    The column ``user_handle`` of the world form holds the pseudonym.

    Raises
    ------
    InputError : a file stands there already; nothing is written.
    CuratedZoneError : nothing was curated yet.
    """
    likes_path, items_path = out / "likes.parquet", out / "items.parquet"
    taken = [path for path in (likes_path, items_path) if path.exists()]
    if taken:
        raise InputError([f"{path} exists: name another folder, or move it" for path in taken])
    present = read_present(data, site)
    likes, items = _world_likes(present.likes), _world_items(present.items)
    write_frames({items_path: items, likes_path: likes})
    return Export(likes_path, items_path, len(likes), len(items))


def _world_likes(likes: pl.DataFrame) -> pl.DataFrame:
    one = pl.lit(1.0, dtype=pl.Float32).alias(WEIGHT)
    return likes.sort(PAIR).select(pl.col(USER_ID).alias(USER_HANDLE), ITEM_ID, LIKED_AT, one)


def _world_items(items: pl.DataFrame) -> pl.DataFrame:
    picture = pl.col(THUMBNAILS).map_elements(_picture, return_dtype=pl.String)
    return items.sort(ITEM_ID).with_columns(picture.alias(THUMBNAIL_URL)).select(ITEM_COLUMNS)


def _picture(thumbnails: pl.Series) -> str | None:
    rows = thumbnails.to_list()
    wide = [row for row in rows if row[_WIDTH] >= PICTURE_WIDTH]
    best = (
        min(wide, key=lambda row: row[_WIDTH])
        if wide
        else max(rows, key=lambda row: row[_WIDTH], default=None)
    )
    return None if best is None else str(best[_URL])
