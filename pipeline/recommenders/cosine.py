"""Items beside items by the cosine of what a model knows of them."""

from __future__ import annotations

import numpy as np

from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.topk import Lists, top_k

__all__ = ["cosine_lists"]


def cosine_lists(
    vectors: FloatArray, item_idxs: IntArray, k: int, *, listed: IntArray, threads: int = 1
) -> Lists:
    """Best `k` items beside each of some items, never itself.

    Parameters
    ----------
    vectors : float32, shape (n_items, n); a row of zeros has the cosine 0 with all.
    listed : what may stand in a list, ascending.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    columns = np.ascontiguousarray(unit[listed].T)

    def score(chunk: IntArray) -> FloatArray:
        cosines: FloatArray = unit[chunk] @ columns  # (chunk, n_columns)
        return cosines

    return top_k(
        score,
        item_idxs,
        k,
        item_idxs=listed,
        n_items=len(vectors),
        hide_self=True,
        threads=threads,
    )
