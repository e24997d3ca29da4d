"""A seeded site of Sketchfab's size in curated form: likes, catalogue, features, interactions.

Planted: themes that shape likes and tags, popularity and activity by power laws.  Everything
is drawn at once with numpy; the full size takes a few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.curated import polars_schema
from pipeline.dataset.features import item_features
from pipeline.dataset.interactions import interactions
from pipeline.tables import CURATED_TABLES

__all__ = ["SKETCHFAB", "GeneratedSite", "Size", "generate", "like_matrix"]

IntArray = NDArray[np.int64]

_INSTANT: Final = pl.Datetime("us", "UTC")
_SCHEMAS: Final = {table.name: polars_schema(table) for table in CURATED_TABLES}
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_YEAR_S: Final = 365 * 24 * 3600
_OWN_THEME: Final = 0.75
_THEMES_A_USER: Final = 3
_TAGS_AN_ITEM: Final = 8
_ITEMS_A_CREATOR: Final = 4


@dataclass(frozen=True)
class Size:
    """Distinct counts; every user and every item has a like, every tag two items."""

    n_users: int
    n_items: int
    n_likes: int
    n_tags: int

    def times(self, factor: float) -> Size:
        """So many times the users and likes on the same catalogue."""
        return replace(
            self, n_users=round(self.n_users * factor), n_likes=round(self.n_likes * factor)
        )


SKETCHFAB: Final = Size(n_users=62_583, n_items=28_806, n_likes=632_840, n_tags=12_000)


@dataclass(frozen=True)
class GeneratedSite:
    """Curated tables of door 2."""

    likes: pl.DataFrame
    items: pl.DataFrame
    item_features: pl.DataFrame
    interactions: pl.DataFrame


def generate(size: Size = SKETCHFAB, *, seed: int = 0) -> GeneratedSite:
    """Tables of a site; the same for the same size and seed."""
    random = np.random.default_rng(seed)
    theme, popularity = _catalogue(random, size)
    likes = _likes(random, size, _like_pairs(random, size, theme, popularity))
    items = _items(random, size, theme)
    return GeneratedSite(likes, items, item_features(items), interactions(likes))


def like_matrix(size: Size, *, seed: int = 0) -> csr_matrix:
    """Likes alone, shape (n_users, n_items): the same pairs as `generate` gives."""
    random = np.random.default_rng(seed)
    pairs = _like_pairs(random, size, *_catalogue(random, size))
    ones = np.ones(len(pairs[0]), np.float32)
    return csr_matrix((ones, pairs), (size.n_users, size.n_items))


def _catalogue(random: np.random.Generator, size: Size) -> tuple[IntArray, NDArray[np.float64]]:
    """Theme and popularity of each item."""
    n_themes = max(2, size.n_items // 150)
    theme = np.sort(random.integers(n_themes, size=size.n_items))
    return theme, _power_law(random, size.n_items, 0.9)


def _power_law(random: np.random.Generator, n: int, exponent: float) -> NDArray[np.float64]:
    """Shares that fall with a random rank."""
    shares = (1.0 + random.permutation(n)) ** -exponent
    return shares / shares.sum()


def _like_pairs(
    random: np.random.Generator, size: Size, theme: IntArray, popularity: NDArray[np.float64]
) -> tuple[IntArray, IntArray]:
    """Distinct pairs of user and item, sorted."""
    activity = _power_law(random, size.n_users, 0.6)
    tastes = random.integers(theme.max() + 1, size=(size.n_users, _THEMES_A_USER))
    everyone, everything = np.arange(size.n_users), np.arange(size.n_items)
    codes = np.unique(
        np.concatenate(
            [
                everyone * size.n_items + _draw(random, popularity, tastes[:, 0], theme),
                random.integers(size.n_users, size=size.n_items) * size.n_items + everything,
            ]
        )
    )
    while len(codes) < size.n_likes:
        wanted = size.n_likes - len(codes)
        users = random.choice(size.n_users, wanted, p=activity)
        own = tastes[users, random.integers(_THEMES_A_USER, size=wanted)]
        own[random.random(wanted) > _OWN_THEME] = -1  # anything, by popularity
        drawn = users * size.n_items + _draw(random, popularity, own, theme)
        codes = np.union1d(codes, drawn)
    return codes // size.n_items, codes % size.n_items


def _draw(
    random: np.random.Generator,
    popularity: NDArray[np.float64],
    wanted: IntArray,
    theme: IntArray,
) -> IntArray:
    """One item for each wanted theme (-1: any), by popularity within it."""
    total = np.concatenate([[0.0], np.cumsum(popularity)])
    bounds = np.searchsorted(theme, np.arange(theme.max() + 2))
    low = np.where(wanted < 0, 0.0, total[bounds[wanted]])
    high = np.where(wanted < 0, total[-1], total[bounds[wanted + 1]])
    item = np.searchsorted(total, random.uniform(low, high), side="right") - 1
    return item.clip(0, len(popularity) - 1)


def _likes(
    random: np.random.Generator, size: Size, pairs: tuple[IntArray, IntArray]
) -> pl.DataFrame:
    users, items = pairs
    hexed = random.bytes(16 * size.n_users).hex()
    user_ids = pl.Series([hexed[at : at + 32] for at in range(0, len(hexed), 32)])
    ages_s = random.integers(1, 3 * _YEAR_S, len(users))
    return pl.DataFrame(
        {
            "user_id": user_ids.gather(users),
            "item_id": _item_ids(size).gather(items),
            "liked_at": _before_now(ages_s),
            "first_seen_at": pl.Series([_NOW]).new_from_index(0, len(users)),
            "last_seen_at": pl.Series([_NOW]).new_from_index(0, len(users)),
            "gone_at": pl.Series([None], dtype=_INSTANT).new_from_index(0, len(users)),
            "key_id": pl.Series(["0" * 16]).new_from_index(0, len(users)),
        },
        schema=_SCHEMAS["likes"],
    )


def _item_ids(size: Size) -> pl.Series:
    return pl.Series([f"{item:032x}" for item in range(size.n_items)])


def _before_now(ages_s: IntArray) -> pl.Series:
    return pl.Series([_NOW]).new_from_index(0, len(ages_s)) - pl.Series(ages_s * 1_000_000).cast(
        pl.Duration("us")
    )


def _items(random: np.random.Generator, size: Size, theme: IntArray) -> pl.DataFrame:
    n = size.n_items
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, n)
    seen = pl.Series([_NOW]).new_from_index(0, n)
    creators = random.integers(max(1, n // _ITEMS_A_CREATOR), size=n)
    columns = {
        "item_id": _item_ids(size),
        "title": pl.Series([f"Model {item}" for item in range(n)]),
        "creator": pl.Series([f"Creator {creator}" for creator in creators.tolist()]),
        "license": nothing,
        "announced_like_count": pl.Series([None], dtype=pl.Int64).new_from_index(0, n),
        "published_at": _before_now(random.integers(3 * _YEAR_S, 6 * _YEAR_S, n)),
        "first_seen_at": seen,
        "last_seen_at": seen,
        "gone_at": pl.Series([None], dtype=_INSTANT).new_from_index(0, n),
        "url": nothing,
        "embed_url": nothing,
        "thumbnails": pl.Series([[]], dtype=_SCHEMAS["items"]["thumbnails"]).new_from_index(0, n),
        "tags": _tags(random, size, theme),
        "categories": pl.Series([[f"category {group % 18}"] for group in theme.tolist()]),
    }
    return pl.DataFrame(columns, schema=_SCHEMAS["items"])


def _tags(random: np.random.Generator, size: Size, theme: IntArray) -> pl.Series:
    """About eight tags an item, most of them of its theme; every tag on two items at least."""
    slots = size.n_items * _TAGS_AN_ITEM
    item = random.integers(size.n_items, size=slots)
    tag_theme = np.sort(random.integers(theme.max() + 1, size=size.n_tags))
    wanted = np.where(random.random(slots) < _OWN_THEME, theme[item], -1)
    tag = _draw(random, _power_law(random, size.n_tags, 0.8), wanted, tag_theme)
    twice = np.repeat(np.arange(size.n_tags), 2)
    holders = (np.arange(len(twice)) * 7919) % size.n_items  # two different items a tag
    frame = pl.DataFrame(
        {"item": np.concatenate([item, holders]), "tag": np.concatenate([tag, twice])}
    ).unique()
    tagged = frame.sort("item", "tag").with_columns(pl.format("tag {}", "tag").alias("tag"))
    lists = tagged.group_by("item", maintain_order=True).agg("tag")
    every = pl.DataFrame({"item": np.arange(size.n_items)})
    return every.join(lists, on="item", how="left", maintain_order="left")["tag"].fill_null([])
