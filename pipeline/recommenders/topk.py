"""The exact k best columns of a score matrix that is never held whole.

Rows are scored in chunks of 64 by a few Python threads, with BLAS at one thread: the chunks
are the parallelism.  A chunk's result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from pipeline.errors import FitError
from pipeline.recommenders.score_keys import (
    KEY_COLUMNS,
    KEY_ROWS,
    NO_KEY,
    best_of_keys,
    columns_of,
    keys_of,
    scores_of,
)

__all__ = [
    "CHUNK_ROWS",
    "UNSCORED",
    "Lists",
    "ScoreRows",
    "best_of_rows",
    "by_chunks",
    "empty_lists",
    "top_k",
]

CHUNK_ROWS: Final = 64
UNSCORED: Final = (
    "scores are NaN or +inf, they must be finite or -inf: the model that gives them was fitted "
    "astray, take other settings"
)
_BLOCKS_PER_K: Final = 4  # leave 1.15 scores of a row to sort for each that is listed
_LEAST_BLOCKS: Final = 320  # fewer make short vectors, which are slow to compare
_MOST_BLOCKS_PER_K: Final = 2
_SHORT: Final = 50  # for so few, maxima of half the columns do: twice as many scores to sort

ScoreRows = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""Scores of some rows against all columns, a fresh array that may be overwritten.

A score is finite, or ``-inf`` for what is never listed; NaN and ``+inf`` are none.
"""


@dataclass(frozen=True, slots=True)
class Lists:
    """Items for each of some subjects.

    Attributes
    ----------
    item_idxs : int32, shape (n, k), best first, equal scores by lower index; -1 pads.
    scores : float32, shape (n, k), descending; NaN where padded.
    """

    item_idxs: NDArray[np.int32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.item_idxs)


def empty_lists(n: int, k: int) -> Lists:
    """`n` lists with nothing in them."""
    return Lists(np.full((n, k), -1, np.int32), np.full((n, k), np.nan, np.float32))


def top_k(
    score_rows: ScoreRows,
    rows: NDArray[np.int32],
    k: int,
    *,
    item_idxs: NDArray[np.int32],
    n_items: int,
    hidden: csr_matrix | None = None,
    hide_self: bool = False,
    threads: int = 1,
) -> Lists:
    """Best `k` items of each row, exact.

    Parameters
    ----------
    score_rows : scores of a chunk of `rows` by column; ``-inf`` marks what is never listed.
    rows : what is scored, passed to `score_rows` by chunks; also the row of `hidden`.
    item_idxs : shape (n_columns,), ascending: the item of each column.
    n_items : items of the data set.
    hidden : shape (> max(rows), n_items); a stored entry is never listed (seen items).
    hide_self : rows are items, and none is listed beside itself.

    Raises
    ------
    FitError : scores that are none, as far as `best_of_rows` meets them.
    """
    lists = empty_lists(len(rows), k)
    if len(rows) == 0 or len(item_idxs) == 0:
        return lists
    columns = np.full(n_items, -1, np.int32)
    columns[item_idxs] = np.arange(len(item_idxs), dtype=np.int32)

    def fill(start: int, stop: int) -> None:
        chunk = rows[start:stop]
        scores = score_rows(chunk)  # (chunk, n_columns)
        if hidden is not None:
            _hide(scores, hidden[chunk], columns)
        if hide_self:
            own = columns[chunk]
            scores[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        found, values = best_of_rows(scores, k)
        listed = found >= 0
        lists.item_idxs[start:stop][listed] = item_idxs[found[listed]]
        lists.scores[start:stop] = values

    by_chunks(fill, len(rows), CHUNK_ROWS, threads)
    return lists


def by_chunks(work: Callable[[int, int], None], n: int, size: int, threads: int) -> None:
    """Do `work` from start to stop for each `size` of `n` rows, with BLAS at one thread."""
    starts = range(0, n, size)
    stops = [min(start + size, n) for start in starts]
    with threadpool_limits(limits=1, user_api="blas"):
        if threads == 1 or len(starts) == 1:
            for start, stop in zip(starts, stops, strict=True):
                work(start, stop)
        else:
            with ThreadPoolExecutor(threads) as pool:
                for _ in pool.map(work, starts, stops):
                    pass


def _hide(scores: NDArray[np.float32], hidden: csr_matrix, columns: NDArray[np.int32]) -> None:
    row = np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr))
    column = columns[hidden.indices]
    known = column >= 0
    scores[row[known], column[known]] = -np.inf


def best_of_rows(
    scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns of the `k` highest finite scores of each row, and these scores.

    The k-th highest of the maxima of disjoint blocks of any columns is a lower bound of the k-th
    highest score: few columns reach it and are left to sort.

    Parameters
    ----------
    scores : finite or ``-inf``, which is never listed.

    Returns
    -------
    columns : shape (n, k), equal scores by lower column; -1 pads rows with fewer than `k`.
    values : shape (n, k); NaN where padded.

    Raises
    ------
    ValueError : more than 16,777,216 columns.
    FitError : ``+inf`` anywhere, or NaN among the scores whose maxima are taken: half of them
        where `k` is at most 50, else nearly all.  A NaN elsewhere is never listed.
    """
    n, n_columns = scores.shape
    if n_columns > KEY_COLUMNS:
        raise ValueError(f"{n_columns} columns are too many; {KEY_COLUMNS} can be told apart")
    found = np.full((n, k), -1, np.int32)
    values = np.full((n, k), np.nan, np.float32)
    if not n_columns or not k:
        return found, values
    for start in range(0, n, KEY_ROWS):
        part = np.ascontiguousarray(scores[start : start + KEY_ROWS])
        row, column = _survivors(part, k)
        nothing = np.full((len(part), k), NO_KEY)
        keys = best_of_keys(keys_of(row, part[row, column], column), nothing)
        listed = keys != NO_KEY
        found[start : start + len(part)][listed] = columns_of(keys[listed])
        values[start : start + len(part)][listed] = scores_of(keys[listed])
    _refuse_unscored(values[found >= 0])
    return found, values


def _survivors(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of all scores that may be among the `k` highest of their row."""
    n, n_columns = scores.shape
    maxima = _maxima(scores, k)
    n_blocks = maxima.shape[1]
    if n_blocks <= k:
        return _of_odd_rows(scores, np.arange(n), k)
    _refuse_unscored(maxima)
    bound = np.partition(maxima, n_blocks - k, axis=1)[:, n_blocks - k]
    n_reached = np.count_nonzero(maxima >= bound[:, None], axis=1)
    is_odd = np.isneginf(bound) | (n_reached > _MOST_BLOCKS_PER_K * k)  # short, or of equal scores
    bound[is_odd] = np.nan  # which nothing reaches
    row, column = np.divmod(np.flatnonzero(scores >= bound[:, None]), n_columns)
    others = _of_odd_rows(scores, np.flatnonzero(is_odd), k)
    return np.concatenate([row, others[0]]), np.concatenate([column, others[1]])


def _maxima(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Highest score of each of some disjoint blocks of columns, shape (n, n_blocks)."""
    n, n_columns = scores.shape
    starts, width = ((0, n_columns // 2), n_columns // 4) if k <= _SHORT else ((0,), n_columns)
    n_blocks = min(max(_BLOCKS_PER_K * k, _LEAST_BLOCKS), width // 2)
    if not n_blocks:
        return np.empty((n, 0), np.float32)
    depth = width // n_blocks
    parts = (scores[:, start : start + depth * n_blocks] for start in starts)
    highest = [part.reshape(n, depth, n_blocks).max(axis=1) for part in parts]
    return np.asarray(np.maximum.reduce(highest), np.float32)


def _of_odd_rows(
    scores: NDArray[np.float32], rows: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Survivors of rows that are short, or that have so many equal scores that most survive."""
    odd = scores[rows]
    _refuse_unscored(odd)
    is_scored = np.isfinite(odd)
    is_long = np.count_nonzero(is_scored, axis=1) > k
    is_scored[is_long] = False
    short_row, short_column = np.nonzero(is_scored)
    columns = [_best_of_row(odd[row], k) for row in np.flatnonzero(is_long).tolist()]
    row = np.repeat(rows[is_long], [len(own) for own in columns])
    return np.concatenate([rows[short_row], row]), np.concatenate([short_column, *columns])


def _best_of_row(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the `k` highest of more finite scores, in no order; of equal ones the first."""
    kth = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, ties = np.flatnonzero(scores > kth), np.flatnonzero(scores == kth)
    return np.concatenate([above, ties[: k - len(above)]])


def _refuse_unscored(scores: NDArray[np.float32]) -> None:
    if not scores.max(initial=-np.inf) < np.inf:  # nor is NaN
        raise FitError(UNSCORED)
