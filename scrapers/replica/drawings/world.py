"""A world's two frames, in the plain form that the stand-in sites read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from scrapers.replica.drawings.catalogue import Drawing
from scrapers.replica.drawings.likes import (
    LikeParameters,
    Likes,
    publication_days,
    simulate_likes,
)
from scrapers.replica.drawings.tastes import FloatArray, TasteParameters, plant_tastes

__all__ = ["PICTURES", "simulate_world", "write_world"]

PICTURES: Final = "pictures"
_START: Final = datetime(2024, 7, 1, tzinfo=UTC)
_LICENSE: Final = "Public domain dedication (web.resource.org/cc/PublicDomain)"
_TIME: Final = pl.Datetime("us", "UTC")


def simulate_world(
    drawings: Sequence[Drawing],
    seed: int,
    *,
    tastes: TasteParameters | None = None,
    rhythm: LikeParameters | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items and likes of a world; the same drawings and seed give the same frames.

    The order of the drawings does not matter.
    """
    drawings = sorted(drawings, key=lambda drawing: drawing.item_id)
    rng = np.random.default_rng(seed)
    rhythm = rhythm or LikeParameters()
    planted = plant_tastes(drawings, tastes or TasteParameters(), rng)
    published = publication_days(len(drawings), rhythm, rng)
    likes = simulate_likes(planted, published, rhythm, rng)
    return _items(drawings, published), _likes(drawings, likes, seed)


def write_world(items: pl.DataFrame, likes: pl.DataFrame, folder: Path) -> None:
    """Write both files of a world into a folder that may exist."""
    folder.mkdir(parents=True, exist_ok=True)
    items.write_parquet(folder / "items.parquet", compression="zstd", compression_level=15)
    likes.write_parquet(folder / "likes.parquet", compression="zstd", compression_level=15)


def _items(drawings: Sequence[Drawing], published: FloatArray) -> pl.DataFrame:
    rows = [
        {
            "item_id": drawing.item_id,
            "title": drawing.title,
            "creator": drawing.creator,
            "url": None,
            "thumbnail_url": f"{PICTURES}/{drawing.item_id}.webp",
            "tags": list(drawing.tags),
            "categories": list(drawing.categories),
            "published_at": _START + timedelta(seconds=int(day * 86_400)),
            "license": _LICENSE,
            "embed_url": None,
        }
        for drawing, day in zip(drawings, published, strict=True)
    ]
    text, texts = pl.String(), pl.List(pl.String())
    schema = dict.fromkeys(rows[0], text) | {
        "tags": texts,
        "categories": texts,
        "published_at": _TIME,
    }
    return pl.DataFrame(rows, schema=schema)


def _likes(drawings: Sequence[Drawing], likes: Likes, seed: int) -> pl.DataFrame:
    item_ids = np.array([drawing.item_id for drawing in drawings])
    n_users = int(likes.user.max()) + 1
    handles = np.array([_handle(seed, user) for user in range(n_users)])
    first = int(_START.timestamp())
    frame = pl.DataFrame(
        {
            "user_handle": handles[likes.user],
            "item_id": item_ids[likes.item],
            "liked_at": (likes.at_s + first) * 1_000_000,
            "weight": np.ones(len(likes.user), dtype=np.float32),
        }
    )
    frame = frame.with_columns(pl.col("liked_at").cast(_TIME))
    return frame.sort("liked_at", "user_handle", "item_id")


def _handle(seed: int, user: int) -> str:
    return hashlib.sha256(f"openclipart:{seed}:user:{user}".encode()).hexdigest()[:32]
