"""How much the lists of two models have in common."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["list_overlap"]

IntArray = NDArray[np.int32]
_CHUNK_ROWS: Final = 8192


def list_overlap(a: IntArray, b: IntArray, k: int) -> float:
    """Mean share of common items of the two top-k lists of each user.

    Over the longer of the two, so that two equal short lists share all; the order within the
    lists is not looked at.  A user with two empty lists is left out; NaN where nobody is left.

    Parameters
    ----------
    a, b : shape (n_users, >= k), the same users; unique in a row, -1 pads at the end.

    Raises
    ------
    ValueError : ``k`` is out of range or the two have not the same users.
    """
    if not 1 <= k <= min(a.shape[1], b.shape[1]):
        raise ValueError(f"k is {k}; lists of {a.shape[1]} and {b.shape[1]} allow 1 to as many")
    if len(a) != len(b):
        raise ValueError(f"lists of {len(a)} and of {len(b)} users cannot be compared")
    one, other = a[:, :k], b[:, :k]
    longer = np.maximum((one >= 0).sum(axis=1), (other >= 0).sum(axis=1))
    common = np.concatenate([np.empty(0, np.int64), *_common(one, other)])
    return float((common[longer > 0] / longer[longer > 0]).mean()) if longer.any() else np.nan


def _common(one: IntArray, other: IntArray) -> list[NDArray[np.int64]]:
    """Common items of each row, by chunks: all places of one against all of the other."""
    found = []
    for start in range(0, len(one), _CHUNK_ROWS):
        left, right = one[start : start + _CHUNK_ROWS], other[start : start + _CHUNK_ROWS]
        equal = (left[:, :, None] == right[:, None, :]) & (left >= 0)[:, :, None]
        found.append(equal.sum(axis=(1, 2)))
    return found
