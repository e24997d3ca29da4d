"""A tiny world with planted tastes, cold items and handles that a search would find."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

USERS, ITEMS, COLD, TASTES, LIKES_EACH = 60, 40, 4, 4, 6
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def handle(user: int) -> str:
    """Opaque, with letters that every encoding writes differently."""
    return f"Zoë+Planted~{user:03d}?&"


HANDLES = [handle(user) for user in range(USERS)]
N_LIKES = USERS * LIKES_EACH


def liked(user: int) -> list[int]:
    """Items of the user's taste: those with the same remainder."""
    own = [item for item in range(ITEMS - COLD) if item % TASTES == user % TASTES]
    return [own[(user // TASTES + step) % len(own)] for step in range(LIKES_EACH)]


def write_world(folder: Path) -> Path:
    folder.mkdir(parents=True)
    pl.DataFrame(
        {
            "item_id": [f"item-{item:02d}" for item in range(ITEMS)],
            "title": [f'Item "{item}" | <i>' for item in range(ITEMS)],
            "creator": [f"Creator {item % 5}" for item in range(ITEMS)],
            "tags": [[f"taste {item % TASTES}", f"odd {item % 2}"] for item in range(ITEMS)],
            "categories": [["things"]] * ITEMS,
            "license": ["CC0"] * ITEMS,
        }
    ).write_parquet(folder / "items.parquet")
    pairs = [(user, item) for user in range(USERS) for item in liked(user)]
    pl.DataFrame(
        {
            "user_handle": [handle(user) for user, _ in pairs],
            "item_id": [f"item-{item:02d}" for _, item in pairs],
            "liked_at": [
                NOW - timedelta(days=(user * 37 + item * 11) % 365, minutes=user)
                for user, item in pairs
            ],
        },
        schema_overrides={"liked_at": pl.Datetime("us", "UTC")},
    ).write_parquet(folder / "likes.parquet")
    return folder
