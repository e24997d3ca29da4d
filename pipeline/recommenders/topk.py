"""The exact k best columns of a score matrix that is never held whole.

Rows are scored in chunks of 256 by a few Python threads, with BLAS at one thread: the chunks
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

__all__ = ["CHUNK_ROWS", "Lists", "ScoreRows", "best_of_rows", "empty_lists", "top_k"]

CHUNK_ROWS: Final = 256
_BLOCKS_PER_K: Final = 4
_MAX_SURVIVORS_PER_K: Final = 16

ScoreRows = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""Scores of some rows against all columns, a fresh array that may be overwritten."""


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
    """
    lists = empty_lists(len(rows), k)
    if len(rows) == 0 or len(item_idxs) == 0:
        return lists
    columns = np.full(n_items, -1, np.int32)
    columns[item_idxs] = np.arange(len(item_idxs), dtype=np.int32)

    def fill(start: int) -> None:
        chunk = rows[start : start + CHUNK_ROWS]
        scores = score_rows(chunk)  # (chunk, n_columns)
        if hidden is not None:
            _hide(scores, hidden[chunk], columns)
        if hide_self:
            own = columns[chunk]
            scores[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        found, values = best_of_rows(scores, k)
        listed = found >= 0
        out = lists.item_idxs[start : start + len(chunk)]
        out[listed] = item_idxs[found[listed]]
        lists.scores[start : start + len(chunk)] = values

    starts = range(0, len(rows), CHUNK_ROWS)
    with threadpool_limits(limits=1, user_api="blas"):
        if threads == 1 or len(starts) == 1:
            for start in starts:
                fill(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                for _ in pool.map(fill, starts):
                    pass
    return lists


def _hide(scores: NDArray[np.float32], hidden: csr_matrix, columns: NDArray[np.int32]) -> None:
    row = np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr))
    column = columns[hidden.indices]
    known = column >= 0
    scores[row[known], column[known]] = -np.inf


def best_of_rows(
    scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns of the `k` highest finite scores of each row, and these scores.

    The k-th highest of the maxima of disjoint blocks of columns is a lower bound of the k-th
    highest score: what lies below it is dropped in one pass, and few columns are left to sort.

    Returns
    -------
    columns : shape (n, k), equal scores by lower column; -1 pads rows with fewer than `k`.
    values : shape (n, k); NaN where padded.
    """
    n = len(scores)
    found = np.full((n, k), -1, np.int32)
    values = np.full((n, k), np.nan, np.float32)
    survivors = scores >= _lower_bound(scores, k)[:, None]
    counts = np.count_nonzero(survivors, axis=1)
    for crowded in np.flatnonzero(counts > _MAX_SURVIVORS_PER_K * k).tolist():
        survivors[crowded] = _survivors_with_ties(scores[crowded], k)
    row, column = np.nonzero(survivors)
    value = scores[row, column]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    starts = np.searchsorted(row, np.arange(n))
    rank = np.arange(len(row)) - starts[row]
    kept = rank < k
    found[row[kept], rank[kept]] = column[kept]
    values[row[kept], rank[kept]] = value[kept]
    return found, values


def _lower_bound(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Shape (n,): finite, and at most the k-th highest finite score of the row."""
    n, n_columns = scores.shape
    width = n_columns // (_BLOCKS_PER_K * k)
    lowest = np.full(n, np.finfo(np.float32).min, np.float32)
    if width < 2:  # noqa: PLR2004  a block of one column drops nothing
        return lowest
    n_blocks = n_columns // width
    blocks = scores[:, : n_blocks * width].reshape(n, n_blocks, width).max(axis=2)
    return np.maximum(np.partition(blocks, n_blocks - k, axis=1)[:, n_blocks - k], lowest)


def _survivors_with_ties(scores: NDArray[np.float32], k: int) -> NDArray[np.bool_]:
    """The k best of one row where so many are equal that sorting all of them is slow."""
    kth = np.partition(scores, len(scores) - k)[len(scores) - k]
    if not np.isfinite(kth):
        return np.isfinite(scores)
    survivors: NDArray[np.bool_] = scores > kth
    ties = np.flatnonzero(scores == kth)
    survivors[ties[: k - np.count_nonzero(survivors)]] = True
    return survivors
