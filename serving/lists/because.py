"""Why an item is listed: what each like, or each shared tag, gives to its score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.lists.ranking import Page
from serving.lists.scoring import Likes
from serving.snapshot import Snapshot

__all__ = ["MAX_REASONS", "Explained", "adds_up", "explained", "item_reasons", "unexplained"]

MAX_REASONS: Final = 10
_RELATIVE: Final = 1e-3
_ABSOLUTE: Final = 1e-4

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """Reasons of each item of a page; None for an item without.

    Attributes
    ----------
    explainable : whether the model's scores are sums that can be told apart.
    """

    becauses: Sequence[list[Reason] | None]
    explainable: bool


def unexplained(page: Page) -> Explained:
    """A page whose scores are no sums of anything that is published."""
    return Explained([None] * len(page.item_idxs), explainable=False)


def explained(
    page: Page,
    terms: NDArray[np.float64],
    reasons_of: Callable[[NDArray[np.float64]], list[Reason]],
) -> Explained:
    """Reasons of a page's own items, where they add up to the scores.

    Parameters
    ----------
    terms : shape (n_sources, len(page.scores)).
    reasons_of : reasons from the terms of one item.
    """
    if not adds_up(terms, page.scores):
        return unexplained(page)
    filled: list[list[Reason] | None] = [None] * (len(page.item_idxs) - len(page.scores))
    return Explained([*map(reasons_of, terms.T), *filled], explainable=True)


def adds_up(terms: NDArray[np.float64], scores: NDArray[np.float32]) -> bool:
    """Whether the terms of each item are its score, as far as float32 holds."""
    largest = float(np.abs(scores).max(initial=0))
    return bool(np.allclose(terms.sum(axis=0), scores, _RELATIVE, _ABSOLUTE * largest))


def item_reasons(snapshot: Snapshot, likes: Likes) -> Callable[[NDArray[np.float64]], list[Reason]]:
    """Function from what the likes give to one item to its reasons, the strongest first.

    At most `MAX_REASONS`; all other likes, and those of denied items, are one reason together.
    """
    may_show = snapshot.items.allowed[likes.item_idxs]

    def reasons(terms: NDArray[np.float64]) -> list[Reason]:
        speaking = np.flatnonzero(terms)
        shown = speaking[may_show[speaking]]
        order = shown[np.argsort(-np.abs(terms[shown]), kind="stable")]
        named = order if len(order) == len(speaking) <= MAX_REASONS else order[: MAX_REASONS - 1]
        told = [
            {**_named(snapshot, likes.item_idxs[place]), "part": float(terms[place]), "n": 1}
            for place in named.tolist()
        ]
        others = np.setdiff1d(speaking, named)
        if len(others):
            rest = float(terms[others].sum())
            told.append({"item_id": None, "title": None, "part": rest, "n": len(others)})
        return told

    return reasons


def _named(snapshot: Snapshot, item_idx: int) -> Reason:
    card = orjson.loads(b"{" + snapshot.items.cards[item_idx])
    return {"item_id": card["item_id"], "title": card["title"]}
