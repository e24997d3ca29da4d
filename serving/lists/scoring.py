"""Scores of likes by published weights, vectors and factors.

Several parts are summed as a blend sums them (`pipeline.recommenders.blend`): each in standard
deviations of its own scores, over the items that it can recommend.  Two sides are summed as a
hybrid sums them (`pipeline.recommenders.hybrid`): each in standard deviations again, by the
item's shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.fold_in import ItemFactors, z_scores
from serving.snapshot import Lists, VisitorPart

__all__ = [
    "Likes",
    "list_scores",
    "listable_of",
    "own_scores",
    "part_scores",
    "side_spread",
    "sides_of",
]

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
    total, speaks = np.zeros(n_items, np.float32), np.zeros(n_items, bool)
    for side in sides_of(parts):
        said, heard = _summed(side, likes, n_items)
        speaks |= heard
        shares, known = side[0].shares, listable_of(side)
        own = said[known]
        total[known] += own if shares is None else shares[known] * z_scores(own[None])[0]
    total[~speaks] = -np.inf
    return total


def sides_of(parts: Sequence[VisitorPart]) -> list[list[VisitorPart]]:
    """Parts by the side that they are of; all of them where there are no sides."""
    sides: dict[int, list[VisitorPart]] = {}
    for part in parts:
        sides.setdefault(id(part.shares), []).append(part)
    return list(sides.values())


def listable_of(parts: Sequence[VisitorPart]) -> NDArray[np.int32]:
    """Items that any of the parts can recommend, ascending."""
    return np.unique(np.concatenate([part.listable for part in parts]))


def _summed(
    parts: Sequence[VisitorPart], likes: Likes, n_items: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """What a single part says, or several as z-scores, and for which items they speak."""
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
    return total, speaks


def side_spread(side: Sequence[VisitorPart], likes: Likes, n_items: int) -> float:
    """Standard deviation of what a side says over the items that it can recommend."""
    said, _ = _summed(side, likes, n_items)
    return float(np.std(said[listable_of(side)], dtype=np.float64))


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
