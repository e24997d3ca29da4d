"""A first handful to pick from: liked by many, and of many kinds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from serving.pages.stored import parsed
from serving.snapshot import Snapshot

__all__ = ["handful"]


def handful(snapshot: Snapshot, without: Collection[int], n: int) -> list[dict[str, Any]]:
    """Up to ``n`` items as cards of the API: the most liked of each of the top tags in turn.

    No two of one creator, unless there would be too few.

    Parameters
    ----------
    without : positions of items to leave out.
    """
    enough = n + len(without)
    tags = snapshot.groups["tag"]
    lists = [tags.items[row][:enough].tolist() for row in range(min(2 * n, len(tags.slugs)))]
    lists.append(snapshot.popular[:enough].tolist())
    hidden, chosen, makers = set(without), dict[int, None](), set[int]()
    for listed in lists:
        free = [idx for idx in listed if idx not in hidden and idx not in chosen]
        best = next((idx for idx in free if makers.isdisjoint(_makers(snapshot, idx))), None)
        if best is not None and len(chosen) < n:
            chosen[best] = None
            makers.update(_makers(snapshot, best))
    rest = (idx for idx in lists[-1] if idx not in hidden and idx not in chosen)
    chosen |= dict.fromkeys(rest)
    cards = snapshot.items.cards
    return [parsed(b"{" + cards[idx]) for idx in list(chosen)[:n]]


def _makers(snapshot: Snapshot, item_idx: int) -> list[int]:
    made_by: list[int] = snapshot.groups["creator"].of_items[item_idx].tolist()
    return made_by
