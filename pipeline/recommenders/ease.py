"""Linear weights between items by ridge regression with a zero diagonal, in closed form.

EASE (Steck 2019, Embarrassingly shallow autoencoders for sparse data, equation 8): with
P = (X'X + regularization I)^-1 the weights are B_ij = -P_ij / P_jj off the diagonal, and a
user's scores x_u B.  The inverse is dense: memory and time limit the number of items.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix, vstack
from threadpoolctl import threadpool_limits

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.fold_in import ItemWeights
from pipeline.recommenders.base import Fitted, IntArray, Recommender, ranged
from pipeline.recommenders.item_weights import ItemWeightsFitted, strongest

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
    sentence: ClassVar[str] = "What your likes speak for and against, learned from all likes."
    fitted: ClassVar[type[Fitted]] = EaseFitted

    regularization: float = ranged(
        300.0, 0.1, 1e6, "Strength of the ridge.", search=(1.0, 10_000.0), log=True
    )
    neighbours: int = ranged(500, 1, _MAX_ITEMS, "Weights kept of each item, the strongest.")

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
            strongest(_weights(inverse, start), start, self.neighbours)
            for start in range(0, len(warm), _BLOCK_ROWS)
        ]
        return EaseFitted(_spread(blocks, warm, dataset.n_items), dataset.user_items)


def _warm(dataset: Dataset) -> IntArray:
    counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
    return np.flatnonzero(counts).astype(np.int32)


def _memory_gb(n_items: int) -> float:
    """The Gram matrix in float32, and its inverse and a work space in float64."""
    return 20e-9 * n_items**2


def _gram(likes: csr_matrix) -> NDArray[np.float32]:
    gram: NDArray[np.float32] = (likes.T @ likes).toarray()
    return gram  # (n_warm, n_warm)


def _inverse(gram: NDArray[np.float32], regularization: float) -> NDArray[np.float64]:
    """Inverse of the ridged Gram matrix: its lower triangle is what counts."""
    matrix = np.asfortranarray(gram, np.float64)
    matrix[np.diag_indices_from(matrix)] += regularization
    factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if not info:
        factor, info = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info:
        raise FitError(f"ease: the Gram matrix is singular at regularization {regularization}")
    inverse: NDArray[np.float64] = factor
    return inverse


def _weights(inverse: NDArray[np.float64], start: int) -> csr_matrix:
    """A block of rows of B, the diagonal included."""
    stop = min(start + _BLOCK_ROWS, len(inverse))
    rows = inverse[start:stop].copy()  # (n, n_warm): right of the diagonal is not filled
    rows[:, stop:] = inverse[stop:, start:stop].T
    own = np.tril(rows[:, start:stop])
    rows[:, start:stop] = own + np.tril(own, -1).T
    return csr_matrix((-rows / np.diag(inverse)).astype(np.float32))


def _spread(blocks: Sequence[csr_matrix], warm: IntArray, n_items: int) -> ItemWeights:
    """The weights of the items with a like at their places among all items."""
    whole = vstack(blocks, format="csr") if blocks else csr_matrix((0, 0), dtype=np.float32)
    lengths = np.zeros(n_items, np.int64)
    lengths[warm] = np.diff(whole.indptr)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return ItemWeights(indptr, warm[whole.indices], whole.data)
