"""A first handful to pick from: liked by many, and of many kinds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from serving.pages.stored import parsed
from serving.snapshot import Snapshot

__all__ = ["handful"]


def handful(snapshot: Snapshot, without: Collection[int], n: int) -> list[dict[str, Any]]:
    """Up to ``n`` items as cards of the API: the most liked of each of the top tags in turn.

    Parameters
    ----------
    without : positions of items to leave out.
    """
    enough = n + len(without)
    tags = snapshot.groups["tag"]
    lists = [tags.items[row][:enough].tolist() for row in range(min(2 * n, len(tags.slugs)))]
    lists.append(snapshot.popular[:enough].tolist())
    hidden, chosen = set(without), dict[int, None]()
    for listed in lists:
        best = next((idx for idx in listed if idx not in hidden and idx not in chosen), None)
        if best is not None:
            chosen[best] = None
    rest = (idx for idx in lists[-1] if idx not in hidden and idx not in chosen)
    chosen |= dict.fromkeys(rest)
    cards = snapshot.items.cards
    return [parsed(b"{" + cards[idx]) for idx in list(chosen)[:n]]
