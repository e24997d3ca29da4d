"""Linear weights between items by ridge regression with a zero diagonal, in closed form.

EASE (Steck 2019, Embarrassingly shallow autoencoders for sparse data, equation 8): with
P = (X'X + regularization I)^-1 the weights are B_ij = -P_ij / P_jj off the diagonal, and a
user's scores x_u B.  The inverse is dense: memory and time limit the number of items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.fold_in import ItemWeights
from pipeline.recommenders.base import Fitted, IntArray, Recommender, ranged
from pipeline.recommenders.item_weights import ItemWeightsFitted, stacked, strongest_of_dense

__all__ = ["Ease", "EaseFitted"]

_MAX_ITEMS: Final = 15_000  # OpenBLAS crashes in the factorisation of 40,981
_MAX_ITEMS_IN_TUNER: Final = 8_000
_BLOCK_ROWS: Final = 256
_CUBE_S: Final = 3e-11  # one item to the third power, one thread (docs/benchmarks.md)


class EaseFitted(ItemWeightsFitted):
    """Weights that may be negative: 0 stands between what speaks for and against an item."""

    zero_is_silence: ClassVar[bool] = False


@dataclass(frozen=True)
class Ease(Recommender):
    """Ranks items by a linear model of each item from all others."""

    name: ClassVar[str] = "ease"
    label: ClassVar[str] = "What goes with what"
    sentence: ClassVar[str] = "How far a like of one thing speaks for another, or against it."
    fitted: ClassVar[type[Fitted]] = EaseFitted

    regularization: float = ranged(
        300.0, 0.1, 1e6, "Strength of the ridge.", search=(1.0, 10_000.0), log=True
    )
    neighbours: int = ranged(1000, 1, _MAX_ITEMS, "Weights kept of each item, the strongest.")

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """Too many items with a like: 8,000 in a search, 15,000 by hand."""
        n_items = len(_warm(dataset))
        limit = _MAX_ITEMS_IN_TUNER if in_tuner else _MAX_ITEMS
        if n_items <= limit:
            return None
        return (
            f"{self.name} inverts a matrix of {n_items:,} x {n_items:,} items, which takes "
            f"{_memory_gb(n_items):.1f} GB and {self.first_fit_s(dataset):,.0f} s of one core; "
            f"{limit:,} items ({_memory_gb(limit):.1f} GB) are allowed"
            f"{' in a search' if in_tuner else ''}: fit fewer items or another model"
        )

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of the inversion, on one core."""
        return 1e-3 + _CUBE_S * float(len(_warm(dataset))) ** 3

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> EaseFitted:  # noqa: ARG002
        """Invert the Gram matrix of the items with a like.

        Raises
        ------
        FitError : too many items (`refusal`), or a Gram matrix that cannot be inverted.
        """
        refusal = self.refusal(dataset)
        if refusal:
            raise FitError(refusal)
        warm = _warm(dataset)
        gram = dataset.derived("ease:gram", lambda: _gram(dataset.user_items[:, warm]))
        with threadpool_limits(limits=threads, user_api="blas"):
            inverse = _inverse(gram, self.regularization)
        blocks = [
            strongest_of_dense(_weights(inverse, rows), rows.start, self.neighbours)
            for rows in _blocks(len(warm))
        ]
        return EaseFitted(_spread(stacked(blocks), warm, dataset.n_items), dataset.user_items)


def _warm(dataset: Dataset) -> IntArray:
    counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
    return np.flatnonzero(counts).astype(np.int32)


def _memory_gb(n_items: int) -> float:
    """Gram matrix and inverse, float32."""
    return 2 * 4 * float(n_items) ** 2 / 1e9


def _blocks(n_rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK_ROWS) for start in range(0, n_rows, _BLOCK_ROWS))


def _gram(likes: csr_matrix) -> NDArray[np.float32]:
    """``X'X``, in blocks of rows, which bounds what the sparse product takes."""
    gram = np.empty((likes.shape[1], likes.shape[1]), np.float32)
    transposed = likes.T.tocsr()
    for rows in _blocks(len(gram)):
        gram[rows] = (transposed[rows] @ likes).toarray()
    return gram


def _inverse(gram: NDArray[np.float32], regularization: float) -> NDArray[np.float32]:
    """Inverse of ``gram + regularization I``; only its lower triangle holds.

    float32 is enough: on ml-100k and anime, at ridges of 0.1 to 10, NDCG@20 moves by less than
    0.02 % against float64, in a third of the time (docs/benchmarks.md).
    """
    matrix = gram.T.copy(order="F")  # symmetric: the copy keeps the order of bytes
    matrix[np.diag_indices_from(matrix)] += np.float32(regularization)
    if not len(gram):
        return matrix
    factor, fault = lapack.spotrf(matrix, lower=1, overwrite_a=1, clean=0)
    if not fault:
        factor, fault = lapack.spotri(factor, lower=1, overwrite_c=1)
    if fault:
        raise FitError(
            f"ease: the Gram matrix of {len(gram):,} items is not positive definite in float32 "
            f"with a regularization of {regularization}: raise the regularization"
        )
    inverse: NDArray[np.float32] = factor
    return inverse


def _weights(inverse: NDArray[np.float32], rows: slice) -> NDArray[np.float32]:
    """Some rows of ``B_ij = -P_ij / P_jj``; the diagonal is for the caller to drop."""
    upper = np.triu(inverse[rows.start :, rows].T)  # from the diagonal on
    weights = np.concatenate([inverse[rows, : rows.start], upper], axis=1)
    own = slice(rows.start, rows.start + len(upper))
    weights[:, own] += np.tril(inverse[own, own], -1)
    return np.asarray(-weights / np.diag(inverse), np.float32)


def _spread(weights: ItemWeights, warm: IntArray, n_items: int) -> ItemWeights:
    """The same weights on the positions of all items."""
    lengths = np.zeros(n_items + 1, np.int64)
    lengths[warm + 1] = np.diff(weights.indptr)
    return ItemWeights(np.cumsum(lengths), warm[weights.indices], weights.weights)
