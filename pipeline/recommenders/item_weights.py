"""What models share that know items by weights between them: pruning, scores, lists, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.fold_in import ItemWeights
from pipeline.recommenders.base import Arrays, Fitted, FloatArray, IntArray, narrowed
from pipeline.recommenders.topk import Lists, ScoreRows, top_k

__all__ = ["ItemWeightsFitted", "stacked", "strongest", "strongest_of_dense"]


@dataclass(frozen=True, eq=False)
class ItemWeightsFitted(Fitted):
    """Weights W from item to item, and the likes that they are multiplied with.

    Attributes
    ----------
    weights : the rows of W, pruned.
    user_items : shape (n_users, n_items), as in the data set.
    zero_is_silence : whether a score of exactly 0 means that nothing speaks for the item, as
        where no weight is negative.
    """

    zero_is_silence: ClassVar[bool]

    weights: ItemWeights
    user_items: csr_matrix

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return self.weights.n_items

    @property
    def listable(self) -> IntArray:
        """Items that some other item speaks for."""
        counts = np.bincount(self.weights.indices, minlength=self.n_items)
        return np.flatnonzero(counts).astype(np.int32)

    @property
    def subjects(self) -> IntArray:
        """Items that speak for some other item."""
        return np.flatnonzero(np.diff(self.weights.indptr)).astype(np.int32)

    def published_weights(self) -> ItemWeights:
        """The weights."""
        return self.weights

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Row of likes times W, as for a visitor (`ItemWeights.scores`)."""
        return self._scorer(self.user_items, item_idxs)

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Strongest weights of the item's row."""
        items = narrowed(self.listable, candidates)
        shape = (self.n_items, self.n_items)
        rows = csr_matrix((self.weights.weights, self.weights.indices, self.weights.indptr), shape)

        def score(chunk: IntArray) -> FloatArray:
            return _silenced(np.asarray(rows[chunk].toarray())[:, items])

        return top_k(
            score,
            item_idxs,
            k,
            item_idxs=items,
            n_items=self.n_items,
            hide_self=True,
            threads=threads,
        )

    def _scorer(self, likes: csr_matrix, items: IntArray) -> ScoreRows:
        takes_all = len(items) == self.n_items

        def score(chunk: IntArray) -> FloatArray:
            rows = likes[chunk]
            scores = self.weights.scores(rows.indptr, rows.indices, rows.data)
            if not takes_all:
                scores = scores[:, items]
            if self.zero_is_silence:
                return _silenced(scores)
            scores[np.diff(rows.indptr) == 0] = -np.inf
            return scores

        return score

    def to_arrays(self) -> Arrays:
        """Both matrices, as the three arrays of a CSR."""
        return {
            "weight_indptr": self.weights.indptr,
            "weight_indices": self.weights.indices,
            "weights": self.weights.weights,
            "like_indptr": self.user_items.indptr,
            "like_indices": self.user_items.indices,
            "likes": self.user_items.data,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        names = ("weight_indptr", "weight_indices", "weights")
        weights = ItemWeights(*(arrays[name] for name in names))
        likes = tuple(arrays[name] for name in ("likes", "like_indices", "like_indptr"))
        shape = (len(likes[2]) - 1, weights.n_items)
        return cls(weights, csr_matrix(likes, shape))


def _silenced(scores: FloatArray) -> FloatArray:
    scores[scores == 0] = -np.inf
    return scores


def strongest(block: csr_matrix, first_row: int, n: int) -> csr_matrix:
    """The `n` entries of each row that are largest in size, none of them on the diagonal.

    Parameters
    ----------
    block : rows of a square matrix from `first_row` on; overwritten.

    Returns
    -------
    The same shape; of equal entries those of lower column are kept.
    """
    own = np.repeat(np.arange(block.shape[0], dtype=np.int32), np.diff(block.indptr)) + first_row
    block.data[block.indices == own] = 0
    sizes = np.abs(block.data)
    kept = sizes > 0
    bounds = block.indptr.tolist()
    for start, stop in pairwise(bounds):
        if stop - start > n:
            _keep_strongest(sizes[start:stop], block.indices[start:stop], kept[start:stop], n)
    places = np.flatnonzero(kept)
    indptr = np.searchsorted(places, block.indptr)
    return csr_matrix((block.data[places], block.indices[places], indptr), block.shape)


def strongest_of_dense(block: NDArray[np.float32], first_row: int, n: int) -> csr_matrix:
    """The same of rows that are not sparse."""
    if block.shape[1] > n:
        sizes = np.abs(block)
        rows = np.arange(len(block))
        sizes[rows, rows + first_row] = 0
        least = np.partition(sizes, block.shape[1] - n, axis=1)[:, block.shape[1] - n]
        block = np.where(sizes >= least[:, None], block, np.float32(0))
    return strongest(csr_matrix(block), first_row, n)


def stacked(blocks: Sequence[csr_matrix]) -> ItemWeights:
    """Weights whose rows are those of the blocks, one after the other."""
    lengths = np.concatenate([[0], *(np.diff(block.indptr) for block in blocks)])
    return ItemWeights(
        np.cumsum(lengths, dtype=np.int64),
        np.concatenate([np.empty(0, np.int32), *(block.indices for block in blocks)]),
        np.concatenate([np.empty(0, np.float32), *(block.data for block in blocks)]),
    )


def _keep_strongest(
    sizes: NDArray[np.float32], columns: IntArray, kept: NDArray[np.bool_], n: int
) -> None:
    """Mark the `n` largest of one row; what is not above 0 stays out."""
    least = np.partition(sizes, len(sizes) - n)[len(sizes) - n]
    if least <= 0:
        return
    above = sizes > least
    ties = np.flatnonzero(sizes == least)
    room = n - np.count_nonzero(above)
    if len(ties) > room:
        ties = ties[np.argsort(columns[ties])[:room]]
    above[ties] = True
    kept[:] = above
