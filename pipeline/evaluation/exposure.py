"""What all lists together show: how much of the catalogue, how evenly, how well known.

Lists are arrays of shape (n_users, >= k), best first, -1 where they are shorter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["POPULAR_SHARE", "coverage", "gini", "novelty", "popular_items", "popular_share"]

IntArray = NDArray[np.int32]

POPULAR_SHARE: Final = 0.1
"""Share of the liked items that counts as the popular ones."""


def coverage(recommended: IntArray, n_items: int, k: int) -> float:
    """Share of the catalogue that stands in at least one list; NaN without a catalogue."""
    listed = recommended[:, :k]
    return len(np.unique(listed[listed >= 0])) / n_items if n_items else float("nan")


def gini(recommended: IntArray, n_items: int, k: int) -> float:
    """Gini coefficient of how often each item of the catalogue is listed.

    0 where every item is listed equally often, 1 - 1 / n_items where one has all places; an
    item that is never listed counts.  NaN where no place is filled.

    References
    ----------
    Gini 1912, as sum((2 i - n - 1) x_i) / (n sum(x)) of the counts in ascending order.
    """
    listed = recommended[:, :k]
    counts = np.sort(np.bincount(listed[listed >= 0], minlength=n_items)).astype(np.float64)
    if not counts.sum():
        return float("nan")
    places = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(places @ counts / (n_items * counts.sum()))


def novelty(recommended: IntArray, like_counts: NDArray[np.generic], n_users: int, k: int) -> float:
    """Mean self-information of the listed items, in bits: how few people know them.

    An item that a share p of the users like has -log2(p); one that nobody likes is taken as
    liked by one, the rarest that can be told.  Mean over each list, then over the lists that
    have an item; NaN where none has.

    Parameters
    ----------
    like_counts : shape (n_items,), users who like each item.
    n_users : users who like anything.

    References
    ----------
    Zhou et al. 2010, PNAS 107(10), "surprisal"; Vargas & Castells 2011, mean self-information.
    """
    listed = recommended[:, :k]
    filled = listed >= 0
    lengths = filled.sum(axis=1)
    if not lengths.any():
        return float("nan")
    bits = np.log2(n_users) - np.log2(np.maximum(like_counts, 1))
    sums = np.where(filled, bits[listed], 0.0).sum(axis=1)
    return float((sums[lengths > 0] / lengths[lengths > 0]).mean())


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
