"""Metrics of lists against held-out items, one value a user, and two of all lists together.

Lists are arrays of shape (n_users, >= k), best first, -1 where they are shorter.  Held-out
items are a CSR matrix of shape (n_users, n_items): a stored entry marks one.  Gain is binary.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = [
    "POPULAR_SHARE",
    "coverage",
    "hits_of",
    "map_at_k",
    "ndcg_at_k",
    "popular_items",
    "popular_share",
    "precision_at_k",
    "recall_at_k",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

POPULAR_SHARE: Final = 0.1
"""Share of the liked items that counts as the popular ones."""


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


def recall_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """Share of a user's held-out items among the first `k`; NaN without held-out items."""
    hits = hits_of(recommended, relevant, k).sum(axis=1)
    return _ratio(hits, _held_out_counts(relevant))


def precision_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """Share of `k` places that hold a held-out item; NaN without held-out items.

    A shorter list is not excused: it is divided by `k` too.
    """
    hits = hits_of(recommended, relevant, k).sum(axis=1)
    counts = _held_out_counts(relevant)
    return _ratio(np.where(counts > 0, hits / k, 0.0), np.minimum(counts, 1))


def ndcg_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """NDCG@k of each user; NaN without held-out items.

    The ideal list has all held-out items first, at most `k` of them.

    References
    ----------
    Järvelin & Kekäläinen 2002, with the discount 1 / log2(rank + 1).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = hits_of(recommended, relevant, k) @ discounts
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    return _ratio(gains, ideal[np.minimum(_held_out_counts(relevant), k)])


def map_at_k(recommended: IntArray, relevant: csr_matrix, k: int) -> FloatArray:
    """Average precision at `k` of each user; NaN without held-out items.

    Precision at each hit, summed, over the hits that `k` places could hold.
    """
    hits = hits_of(recommended, relevant, k)
    precisions = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return _ratio((precisions * hits).sum(axis=1), np.minimum(_held_out_counts(relevant), k))


def coverage(recommended: IntArray, n_items: int, k: int) -> float:
    """Share of the catalogue that stands in at least one list; NaN without a catalogue."""
    listed = recommended[:, :k]
    return len(np.unique(listed[listed >= 0])) / n_items if n_items else float("nan")


def popular_items(like_counts: NDArray[np.float32]) -> IntArray:
    """The tenth of the liked items (rounded up) that is liked most, ties by lower index."""
    n_popular = int(np.ceil(POPULAR_SHARE * np.count_nonzero(like_counts)))
    return np.argsort(-like_counts, kind="stable")[:n_popular].astype(np.int32)


def popular_share(recommended: IntArray, popular: IntArray, k: int) -> float:
    """Share of the filled places that hold one of the popular items; NaN where none is filled.

    It says how much a model leans on what everybody likes already.
    """
    listed = recommended[:, :k]
    filled = listed[listed >= 0]
    return float(np.isin(filled, popular).mean()) if len(filled) else float("nan")


def _held_out_counts(relevant: csr_matrix) -> NDArray[np.int64]:
    return np.diff(relevant.indptr).astype(np.int64)


def _ratio(values: NDArray[np.generic], limits: NDArray[np.generic]) -> FloatArray:
    out = np.full(len(values), np.nan)
    np.divide(values, limits, out=out, where=np.asarray(limits) > 0)
    return out
