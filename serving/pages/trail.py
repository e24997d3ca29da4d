"""Where somebody has wandered: the items that a page was reached by, carried in its url."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from serving.pages.cards import Card, card_of
from serving.pages.stored import details_of
from serving.snapshot import Snapshot

__all__ = ["MAX_TRAIL", "MAX_TRAIL_LENGTH", "read_trail", "steps", "trail_after"]

MAX_TRAIL: Final = 20
"""Items that a trail remembers; the first ones fall off."""
MAX_TRAIL_LENGTH: Final = 4096


def read_trail(snapshot: Snapshot, text: str) -> list[str]:
    """Ids of the items of a trail that the site still has, the oldest first."""
    ids = [unquote(part) for part in text.split(",") if part]
    return [item_id for item_id in ids if item_id in snapshot.items.index][-MAX_TRAIL:]


def trail_after(trail: Sequence[str], item_id: str) -> list[str]:
    """Trail of what is reached from an item.

    Who comes back to an item that they have been at is there again: the way between is cut off.
    """
    way = list(trail)
    if item_id in way:
        way = way[: way.index(item_id)]
    return [*way, item_id][-MAX_TRAIL:]


def steps(snapshot: Snapshot, trail: Sequence[str]) -> list[Card]:
    """Card of each item of a trail; its link goes back there, with the way that led to it."""
    return [
        card_of(snapshot.site, details_of(snapshot, item_id), trail[:place], width=64)
        for place, item_id in enumerate(trail)
    ]
