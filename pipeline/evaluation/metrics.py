"""Metrics of lists against held-out items, one value a user.

Lists are arrays of shape (n_users, >= k), best first, -1 where they are shorter.  Held-out
items are a CSR matrix of shape (n_users, n_items): a stored entry marks one.  Gain is binary.

Each metric is a function of hits (which places hold a held-out item, found once for all
metrics) and of the number of held-out items of each user; ``..._at_k`` takes lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = [
    "USER_METRICS",
    "average_precision",
    "held_out_counts",
    "hits_of",
    "map_at_k",
    "ndcg",
    "ndcg_at_k",
    "precision",
    "precision_at_k",
    "recall",
    "recall_at_k",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
HitArray = NDArray[np.bool_]
CountArray = NDArray[np.int64]


def hits_of(recommended: IntArray, relevant: csr_matrix, k: int) -> NDArray[np.bool_]:
    """Which of the first `k` places hold a held-out item of their user.

    Raises
    ------
    ValueError : ``k < 1``, fewer than `k` columns, or another number of users.
    """
    if not 1 <= k <= recommended.shape[1]:
        raise ValueError(f"k is {k}; lists of {recommended.shape[1]} allow 1 to as many")
    if len(recommended) != relevant.shape[0]:
        raise ValueError(f"{len(recommended)} lists do not fit {relevant.shape[0]} users")
    n_users, n_items = relevant.shape
    rows = np.arange(n_users, dtype=np.int64) * n_items
    held_out = np.repeat(rows, np.diff(relevant.indptr)) + relevant.indices
    listed = recommended[:, :k]
    return np.isin(rows[:, None] + listed, held_out) & (listed >= 0)  # (n_users, k)


def held_out_counts(relevant: csr_matrix) -> CountArray:
    """Held-out items of each user."""
    return np.diff(relevant.indptr).astype(np.int64)


def recall(hits: HitArray, counts: CountArray, k: int) -> FloatArray:
    """Share of a user's held-out items among the first `k`; NaN without held-out items."""
    return _ratio(hits[:, :k].sum(axis=1), counts)


def precision(hits: HitArray, counts: CountArray, k: int) -> FloatArray:
    """Share of `k` places that hold a held-out item; NaN without held-out items.

    A shorter list is not excused: it is divided by `k` too.
    """
    shares = np.where(counts > 0, hits[:, :k].sum(axis=1) / k, 0.0)
    return _ratio(shares, np.minimum(counts, 1))


def ndcg(hits: HitArray, counts: CountArray, k: int) -> FloatArray:
    """NDCG@k of each user; NaN without held-out items.

    The ideal list has all held-out items first, at most `k` of them.

    References
    ----------
    Järvelin & Kekäläinen 2002, with the discount 1 / log2(rank + 1).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    return _ratio(hits[:, :k] @ discounts, ideal[np.minimum(counts, k)])


def average_precision(hits: HitArray, counts: CountArray, k: int) -> FloatArray:
    """Average precision at `k` of each user; NaN without held-out items.

    Precision at each hit, summed, over the hits that `k` places could hold.
    """
    found = hits[:, :k]
    precisions = np.cumsum(found, axis=1) / np.arange(1, k + 1)
    return _ratio((precisions * found).sum(axis=1), np.minimum(counts, k))


USER_METRICS: Final[Mapping[str, Callable[[HitArray, CountArray, int], FloatArray]]] = {
    "Recall": recall,
    "NDCG": ndcg,
    "MAP": average_precision,
    "Precision": precision,
}
"""Metrics of hits by the name that they have in tables."""


def recall_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """`recall` of lists; raises as `hits_of`."""
    return recall(hits_of(recommended, relevant, k), held_out_counts(relevant), k)


def precision_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """`precision` of lists; raises as `hits_of`."""
    return precision(hits_of(recommended, relevant, k), held_out_counts(relevant), k)


def ndcg_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """`ndcg` of lists; raises as `hits_of`."""
    return ndcg(hits_of(recommended, relevant, k), held_out_counts(relevant), k)


def map_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """`average_precision` of lists; raises as `hits_of`."""
    return average_precision(hits_of(recommended, relevant, k), held_out_counts(relevant), k)


def _ratio(values: NDArray[np.generic], limits: NDArray[np.generic]) -> FloatArray:
    out = np.full(len(values), np.nan)
    np.divide(values, limits, out=out, where=np.asarray(limits) > 0)
    return out
