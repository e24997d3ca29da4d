"""The items that any of several rankings has high, and what was said of them, in small arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.recommenders.base import FloatArray
from pipeline.recommenders.topk import best_of_rows

__all__ = ["padded", "pooled", "taken"]

_DEPTH: Final = 200


def pooled(rankings: Sequence[FloatArray] | FloatArray, seen: csr_matrix) -> NDArray[np.int64]:
    """Columns that any of the rankings has among the 200 best of a row.

    Parameters
    ----------
    rankings : scores, shape (n_rows, n_items) each.
    seen : the same shape; a stored entry is in no pool.

    Returns
    -------
    shape (n_rows, width), ascending; -1 pads.
    """
    rows = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr))
    chosen = np.zeros(seen.shape, bool)
    for ranking in rankings:
        unseen = ranking.copy()
        unseen[rows, seen.indices] = -np.inf
        best, _ = best_of_rows(unseen, min(_DEPTH, unseen.shape[1]))
        row, place = np.nonzero(best >= 0)
        chosen[row, best[row, place]] = True
    counts = chosen.sum(axis=1)
    columns = np.full((len(chosen), int(counts.max(initial=0))), -1)
    columns[np.arange(columns.shape[1]) < counts[:, None]] = np.nonzero(chosen)[1]
    return columns


def taken(scores: FloatArray, columns: NDArray[np.int64], empty: float) -> FloatArray:
    """Scores of some columns of each row.

    Parameters
    ----------
    scores : shape (n_rows, n_items), or some of these one after the other.
    columns : of `pooled`.
    empty : what stands in padded places.
    """
    places = np.broadcast_to(columns.clip(0), (*scores.shape[:-1], columns.shape[1]))
    found = np.take_along_axis(scores, places, axis=-1)
    found[..., columns < 0] = empty
    return found


def padded(part: NDArray[Any], width: int, value: float) -> NDArray[Any]:
    """The same rows, as wide as asked for."""
    gap = [(0, 0)] * (part.ndim - 1) + [(0, width - part.shape[-1])]
    return np.pad(part, gap, constant_values=value)
