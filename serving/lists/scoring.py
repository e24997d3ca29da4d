"""Scores of likes by published weights, vectors and factors.

Several parts are summed as a blend sums them (`pipeline.recommenders.blend`): each in standard
deviations of its own scores, over the items that it can recommend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.fold_in import ItemFactors, z_scores
from serving.snapshot import Lists, VisitorPart

__all__ = ["Likes", "list_scores", "own_scores", "part_scores"]

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likes:
    """What somebody likes.

    Attributes
    ----------
    item_idxs : int32, ascending, none twice.
    weights : float32, above 0.
    """

    item_idxs: NDArray[np.int32]
    weights: FloatArray

    @classmethod
    def of(
        cls, item_idxs: NDArray[np.integer], weights: NDArray[np.floating] | None = None
    ) -> Self:
        """Likes in any order; those of one item are summed, each is 1 without weights."""
        given = np.ones(len(item_idxs)) if weights is None else weights
        known, places = np.unique(np.asarray(item_idxs, np.int32), return_inverse=True)
        return cls(known, np.bincount(places, given, len(known)).astype(np.float32))


def part_scores(parts: Sequence[VisitorPart], likes: Likes, n_items: int) -> FloatArray:
    """Score of each item, shape (n_items,); ``-inf`` where nothing speaks for it."""
    total = np.zeros(n_items, np.float32)
    speaks = np.zeros(n_items, bool)
    for part in parts:
        speaks[part.listable] = True
        said = own_scores(part, likes)
        if len(parts) > 1:
            said = np.float32(part.weight) * z_scores(said[None])[0]
        elif not isinstance(part.scorer, ItemFactors):
            speaks[part.listable[said <= 0]] = False
        total[part.listable] += said
    total[~speaks] = -np.inf
    return total


def own_scores(part: VisitorPart, likes: Likes) -> FloatArray:
    """Scores of what a part can recommend, shape (len(listable),)."""
    indptr = np.array([0, len(likes.item_idxs)])
    whole: FloatArray = part.scorer.scores(indptr, likes.item_idxs, likes.weights)[0]
    return whole[part.listable]


def list_scores(lists: Lists, likes: Likes, n_items: int) -> FloatArray:
    """Sum of the lists of the liked items; ``-inf`` for an item that none of them has."""
    scores = np.zeros(n_items)
    listed = np.zeros(n_items, bool)
    for idx, weight in zip(likes.item_idxs.tolist(), likes.weights.tolist(), strict=True):
        item_idxs, own = lists.top(idx)
        scores[item_idxs] += weight * own
        listed[item_idxs] = True
    return np.where(listed, scores, -np.inf).astype(np.float32)
