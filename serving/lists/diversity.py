"""Lists whose items are less alike: maximal marginal relevance.

Items are taken one by one, each the one that is highest in

    (1 - diversity) relevance(i) - diversity max over taken j of similarity(i, j)

(Carbonell & Goldstein 1998, The use of MMR, with lambda = 1 - diversity).  Relevance is the
score within the list, from 0 for the last to 1 for the first; similarity is Jaccard's of the tags,
or the cosine of factors where the listed items have no tags.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.fold_in import ItemFactors
from serving.snapshot import Snapshot

__all__ = ["mmr_order", "similarities", "tag_similarities"]

FloatArray = NDArray[np.float32]


def mmr_order(scores: FloatArray, similarity: FloatArray, diversity: float) -> NDArray[np.integer]:
    """Positions of a list in the new order; equal ones stay in the old order.

    Parameters
    ----------
    scores : shape (n,), falling.
    similarity : shape (n, n), in [-1, 1].
    diversity : from 0 (nothing moves) to 1.
    """
    n = len(scores)
    order = np.arange(n)
    if n < 2 or not diversity:  # noqa: PLR2004
        return order
    gain = (1 - diversity) * _relevance(scores)
    closest = np.full(n, -np.inf)
    free = np.zeros(n)  # -inf once it is taken
    for place in range(n):
        penalty = diversity * closest if place else 0
        chosen = int(np.argmax(gain - penalty + free))
        order[place] = chosen
        free[chosen] = -np.inf
        np.maximum(closest, similarity[chosen], out=closest)
    return order


def similarities(snapshot: Snapshot, item_idxs: NDArray[np.int32]) -> FloatArray:
    """Likeness of each pair, shape (n, n): by tags, else by factors, else none."""
    by_tags = tag_similarities(snapshot, item_idxs)
    if by_tags.any():
        return by_tags
    scorers = (part.scorer for parts in snapshot.visitors.values() for part in parts)
    found = next((one for one in scorers if isinstance(one, ItemFactors)), None)
    return by_tags if found is None else _cosines(found.factors[item_idxs])


def tag_similarities(snapshot: Snapshot, item_idxs: NDArray[np.int32]) -> FloatArray:
    """Jaccard's coefficient of the tags of each pair; 0 where one of them has no tag."""
    tags = snapshot.groups["tag"].of_items
    rows = [tags[idx] for idx in item_idxs.tolist()]
    counts = np.array([len(row) for row in rows], np.float32)
    known, columns = np.unique(np.concatenate([np.empty(0, np.int32), *rows]), return_inverse=True)
    has = np.zeros((len(rows), len(known)), np.float32)
    has[np.repeat(np.arange(len(rows)), counts.astype(np.int64)), columns] = 1
    shared = has @ has.T  # (n, n)
    either = counts[:, None] + counts - shared
    return np.asarray(shared / np.maximum(either, 1), np.float32)


def _relevance(scores: FloatArray) -> NDArray[np.float64]:
    exact = scores.astype(np.float64)
    spread = exact.max() - exact.min()
    return np.asarray((exact - exact.min()) / spread if spread else np.ones(len(exact)))


def _cosines(rows: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths, lengths, 1)
    return np.asarray(unit @ unit.T, np.float32)
