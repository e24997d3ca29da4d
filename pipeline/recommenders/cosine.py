"""Items beside items by the cosine of what a model knows of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.inner_products import highest_products
from pipeline.recommenders.topk import Lists
from pipeline.rows import near_one

__all__ = ["cosine_lists"]

_LEAST_LENGTH: Final = 1e-15


def cosine_lists(
    vectors: FloatArray, item_idxs: IntArray, k: int, *, listed: IntArray, threads: int = 1
) -> Lists:
    """Best `k` items beside each of some items, never itself.

    Parameters
    ----------
    vectors : float32, shape (n_items, n); a row of zeros has the cosine 0 with all.
    listed : what may stand in a list, ascending.
    """
    unit = _unit(vectors)
    return highest_products(
        lambda chunk: unit[chunk],
        item_idxs,
        k,
        item_vectors=unit[listed],
        item_idxs=listed,
        n_items=len(vectors),
        hide_self=True,
        threads=threads,
    )


def _unit(vectors: FloatArray) -> FloatArray:
    """Rows of length 1, fresh; zeros stay."""
    lengths = _lengths(vectors)
    odd = np.flatnonzero((lengths < _LEAST_LENGTH) | (lengths > 1 / _LEAST_LENGTH))
    if len(odd) and vectors.shape[1]:  # squares that float32 does not hold
        vectors = vectors.copy()
        vectors[odd] = near_one(vectors[odd])
        lengths[odd] = _lengths(vectors[odd])
    lengths[lengths == 0] = 1
    return vectors / lengths


def _lengths(vectors: FloatArray) -> FloatArray:
    """Shape (n, 1)."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
