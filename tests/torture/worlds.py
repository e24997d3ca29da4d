"""Worlds to torture: small, with lists of many pages, and ids and handles that need escaping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

__all__ = ["World", "write_world"]

FIRST_LIKE = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE_IDS = ("odd/id?x=1", "0123456789abcdef0123456789abcdef", "a+b c%2F&d=e", "ünï")


@dataclass(frozen=True)
class World:
    """A folder that a stand-in serves, and what stands in it."""

    folder: Path
    titles: Mapping[str, str]
    likes: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, folder: Path) -> World:
        """World of a folder."""
        likes = pl.read_parquet(folder / "likes.parquet", columns=["user_handle", "item_id"])
        items = pl.read_parquet(folder / "items.parquet", columns=["item_id", "title"])
        return cls(folder, dict(items.iter_rows()), frozenset(likes.iter_rows()))

    @property
    def items(self) -> frozenset[tuple[str]]:
        """Ids, each as a row."""
        return frozenset((item_id,) for item_id in self.titles)


def write_world(
    folder: Path, *, n_items: int = 40, n_users: int = 240, longest: int = 150, seed: int = 0
) -> World:
    """World whose longest list has `longest` likes and whose shortest have one.

    Some people like most of the items, so that lists have several pages on their side too.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    ids = [*HOSTILE_IDS, *(f"m{n:04}" for n in range(len(HOSTILE_IDS), n_items))][:n_items]
    handles = [f"fan/{n}" if n % 9 == 0 else f"fan-{n}" for n in range(n_users)]
    weights = 1.0 / (5 + np.arange(n_users))
    weights /= weights.sum()
    rows = []
    for n, item_id in enumerate(ids):
        n_likes = max(1, round(longest * (1 - n / n_items) ** 2))
        for user in random.choice(n_users, n_likes, replace=False, p=weights):
            moment = FIRST_LIKE + timedelta(minutes=int(random.integers(200_000)))
            rows.append((handles[user], item_id, None if user % 7 == 0 else moment))
    _likes(rows).write_parquet(folder / "likes.parquet")
    _items(ids).write_parquet(folder / "items.parquet")
    return World.of(folder)


def _likes(rows: list[tuple[str, str, datetime | None]]) -> pl.DataFrame:
    schema = {
        "user_handle": pl.String,
        "item_id": pl.String,
        "liked_at": pl.Datetime("us", "UTC"),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _items(ids: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": ids,
            "title": [f"Modell {n} | „q“ <b>é" for n in range(len(ids))],
            "creator": [f"Ann Lee {n % 12}" for n in range(len(ids))],
            "tags": [["red", f"tag {n}"] for n in range(len(ids))],
            "categories": [["Cars"] for _ in ids],
            "license": ["CC0"] * len(ids),
            "published_at": [FIRST_LIKE] * len(ids),
        },
        schema_overrides={"published_at": pl.Datetime("us", "UTC")},
    )
