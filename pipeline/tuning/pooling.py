"""The items that any of several rankings has high, in small arrays, and how well these are ranked.

A choice of weights then costs one sum and one NDCG of small arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.fold_in import z_scores
from pipeline.recommenders.base import Fitted, FloatArray, IntArray
from pipeline.recommenders.topk import CHUNK_ROWS, ScoreRows, best_of_rows, by_chunks
from pipeline.tuning.judge import K

__all__ = [
    "ideal_of",
    "joined",
    "of_chunks",
    "pooled",
    "pooled_ndcg",
    "taken",
    "user_s",
    "z_scorer",
]

T = TypeVar("T")

_DEPTH: Final = 200
_SCORE_S: Final = 1.2e-7  # a z-score of one model: that of a tag kernel takes longest
_SUMMED_S: Final = 1.5e-8  # an item of one sum, ranked


def of_chunks(told: Callable[[IntArray], T], users: IntArray, threads: int) -> list[T]:
    """What is told of each 64 users, in their order, by so many threads at once."""
    found: dict[int, T] = {}

    def work(start: int, stop: int) -> None:
        found[start] = told(users[start:stop])

    by_chunks(work, len(users), CHUNK_ROWS, threads)
    return [found[start] for start in sorted(found)]


def z_scorer(model: Fitted) -> ScoreRows:
    """What scores all items for any users, in deviations over those that the model lists.

    The others have 0.
    """
    known = model.listable
    scorer = model.user_scorer(known)

    def score(chunk: IntArray) -> FloatArray:
        scores = np.zeros((len(chunk), model.n_items), np.float32)
        scores[:, known] = z_scores(scorer(chunk))
        return scores

    return score


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


def joined(parts: Sequence[NDArray[Any]], empty: float) -> NDArray[Any]:
    """Rows of several arrays in one as wide as the widest, which `empty` pads."""
    width = max(part.shape[-1] for part in parts)
    gaps = [[(0, 0)] * (part.ndim - 1) + [(0, width - part.shape[-1])] for part in parts]
    whole = [
        np.pad(part, gap, constant_values=empty) for part, gap in zip(parts, gaps, strict=True)
    ]
    return np.concatenate(whole, axis=-2)


def pooled_ndcg(
    scores: FloatArray, gains: FloatArray, ideal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """NDCG@20 of each user by scores of some columns, shape (n_users,).

    Parameters
    ----------
    gains : the scores' shape; 1 for a held-out like.
    ideal : shape (n_users,): the DCG@20 of a perfect list, above 0.
    """
    best, _ = best_of_rows(scores, min(K, scores.shape[1]))
    gained = np.where(best >= 0, np.take_along_axis(gains, best.clip(0), axis=1), 0)
    discounts = 1 / np.log2(np.arange(2, best.shape[1] + 2))
    return np.asarray(gained @ discounts / ideal, np.float64)


def ideal_of(held_out: csr_matrix) -> NDArray[np.float64]:
    """The DCG@20 of a perfect list of each user."""
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, K + 2)))])
    return np.asarray(best[np.minimum(np.diff(held_out.indptr), K)], np.float64)


def user_s(n_scores: int, n_summed: int, threads: int) -> float:
    """Seconds, about, that one user of a pool costs.

    Parameters
    ----------
    n_scores : of all models.
    n_summed : items of all sums that are tried, which one thread does.
    """
    return _SCORE_S * n_scores / threads + _SUMMED_S * n_summed
