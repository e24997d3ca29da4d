"""Low-pass filters of the graph of likes, by an exact truncated SVD.

With R = Du^-1/2 X Di^-1/2 and its singular vectors V of the largest values, a user's scores are

    x_u Di^-f p(R'R) Di^f  +  ideal_weight x_u Di^-d V V' Di^d

The second part is the ideal low pass.  The polynomial p is nothing at order 0, R'R at order 1
and from order 2 on the Chebyshev interpolation of a plateau.

- GF-CF (Shen et al. 2021, How powerful is graph convolution for recommendation?, equation 10)
  has order 1, f = 0 and d = 1/2.
- ChebyCF (Kim et al., SIGIR 2025, Graph spectral filtering with Chebyshev interpolation for
  recommendation, equations 9 to 14) has f = d.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import (
    Arrays,
    Fitted,
    FloatArray,
    IntArray,
    Recommender,
    narrowed,
    ranged,
)
from pipeline.recommenders.cosine import cosine_lists
from pipeline.recommenders.topk import Lists, ScoreRows

__all__ = ["Spectral", "SpectralFitted", "plateau_coefficients"]

_LADDER: Final = (256, 512, 1024)
_NULL_SQUARE: Final = 1e-10  # of singular values at most 1
_ORDER_WITH_PLATEAU: Final = 2
_DENSE_SHARE: Final = 4  # of the shorter side: above it Lanczos is slower than all of it
_DENSE_SIDE: Final = 2500  # and up to it
_CUBE_S: Final = 3e-10  # the shorter side to the third power, all of it
_LIKE_S: Final = 3e-8  # one like times one vector (docs/benchmarks.md)
_CELL_S: Final = 2e-9  # one number of a vector, orthogonalised with another one


@dataclass(frozen=True, eq=False)
class SpectralFitted(Fitted):
    """Singular vectors, and the polynomial by its Chebyshev coefficients.

    Attributes
    ----------
    user_items : shape (n_users, n_items), as in the data set.
    vectors : float32, shape (n_items, rank): V, zeros for items without a like.
    coefficients : float64, shape (order + 1,): of Chebyshev polynomials in I - 2 R'R; empty
        without a polynomial.
    ideal_weight, filter_exponent, degree_exponent : of the equation above.
    """

    user_items: csr_matrix
    vectors: NDArray[np.float32]
    coefficients: NDArray[np.float64]
    ideal_weight: float
    filter_exponent: float
    degree_exponent: float

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return int(self.user_items.shape[1])

    @property
    def listable(self) -> IntArray:
        """Items with a like."""
        return np.flatnonzero(self._item_degrees).astype(np.int32)

    @property
    def subjects(self) -> IntArray:
        """Items with a like."""
        return self.listable

    @property
    def _item_degrees(self) -> NDArray[np.float64]:
        return np.asarray(self.user_items.sum(axis=0, dtype=np.float64)).ravel()

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Filtered likes; ``-inf`` for everything where a user has none."""
        likes = self.user_items
        ideal = self._ideal(likes, item_idxs)
        filtered = self._filtered(likes, item_idxs) if len(self.coefficients) else None

        def score(chunk: IntArray) -> FloatArray:
            scores = ideal(chunk)
            if filtered is not None:
                scores += filtered(chunk)
            scores[likes.indptr[chunk] == likes.indptr[chunk + 1]] = -np.inf
            return scores

        return score

    def _ideal(self, likes: csr_matrix, items: IntArray) -> Callable[[IntArray], FloatArray]:
        powers = _powers(self._item_degrees, self.degree_exponent)
        before = (_inverse(powers)[:, None] * self.vectors).astype(np.float32)
        weight = self.ideal_weight if len(self.coefficients) else 1.0
        after = (weight * powers[items, None] * self.vectors[items]).astype(np.float32)
        columns = np.ascontiguousarray(after.T)  # (rank, n_columns)
        return lambda chunk: np.asarray((likes[chunk] @ before) @ columns, np.float32)

    def _filtered(self, likes: csr_matrix, items: IntArray) -> Callable[[IntArray], FloatArray]:
        powers = _powers(self._item_degrees, self.filter_exponent)
        matrix = normalised(likes).astype(np.float32)
        back = matrix.T.tocsr()
        before = _inverse(powers).astype(np.float32)
        after = powers[items].astype(np.float32)

        def walk(signal: FloatArray) -> FloatArray:
            """``R'R`` of some columns, shape (n_items, n)."""
            return np.asarray(back @ (matrix @ signal))

        def score(chunk: IntArray) -> FloatArray:
            rows = likes[chunk]
            rows.data = rows.data * before[rows.indices]
            signal = rows.T.toarray()  # (n_items, chunk)
            found = _polynomial(walk, signal, self.coefficients)
            return np.asarray(found[items].T * after, np.float32)

        return score

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Items by the cosine of their singular vectors."""
        items = narrowed(self.listable, candidates)
        return cosine_lists(self.vectors, item_idxs, k, listed=items, threads=threads)

    def to_arrays(self) -> Arrays:
        """Likes, vectors and the filter."""
        return {
            "like_indptr": self.user_items.indptr,
            "like_indices": self.user_items.indices,
            "likes": self.user_items.data,
            "vectors": self.vectors,
            "coefficients": self.coefficients,
            "numbers": np.array([self.ideal_weight, self.filter_exponent, self.degree_exponent]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        data, indices, indptr = (arrays[n] for n in ("likes", "like_indices", "like_indptr"))
        vectors = arrays["vectors"]
        likes = csr_matrix((data, indices, indptr), (len(indptr) - 1, len(vectors)))
        return cls(likes, vectors, arrays["coefficients"], *arrays["numbers"].tolist())


@dataclass(frozen=True)
class Spectral(Recommender):
    """Ranks items by likes from which all but the slowest waves over the graph are filtered."""

    name: ClassVar[str] = "spectral"
    label: ClassVar[str] = "Broad strokes"
    sentence: ClassVar[str] = (
        "Goes by what the likes of many people have in common; single odd likes count little."
    )
    fitted: ClassVar[type[Fitted]] = SpectralFitted

    rank: int = ranged(
        128, 1, 1024, "Singular vectors of the ideal low pass.", search=(16, 256), log=True
    )
    order: int = ranged(0, 0, 32, "Order of the polynomial filter; 0 for none, 1 for linear.")
    ideal_weight: float = ranged(0.3, 0.0, 10.0, "Weight of the ideal low pass beside it.")
    filter_exponent: float = ranged(0.4, 0.0, 1.0, "Exponent of degrees around the polynomial.")
    degree_exponent: float = ranged(
        0.4, 0.0, 1.0, "Exponent of degrees around the ideal low pass.", search=(0.0, 0.7)
    )
    flatness: float = ranged(1.5, 0.1, 10.0, "Flatness of the plateau, from order 2 on.")

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of the singular value decomposition, on one core."""
        rank = float(_computed_rank(self.rank, dataset))
        likes, side = dataset.user_items.nnz, min(dataset.user_items.shape)
        if _is_dense(side, rank):
            return 1e-3 + _CUBE_S * float(side) ** 3
        return 1e-3 + _LIKE_S * likes * rank + _CELL_S * side * rank**2

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> SpectralFitted:
        """Decompose, or take the first vectors of a decomposition that is there already."""
        computed = _computed_rank(self.rank, dataset)
        vectors = dataset.derived(
            f"spectral:svd:{computed}:{seed}:{threads}",
            lambda: _singular_vectors(dataset.user_items, computed, seed=seed, threads=threads),
        )
        return SpectralFitted(
            user_items=dataset.user_items,
            vectors=np.ascontiguousarray(vectors[:, : self.rank]),
            coefficients=_coefficients(self.order, self.flatness),
            ideal_weight=self.ideal_weight,
            filter_exponent=self.filter_exponent,
            degree_exponent=self.degree_exponent,
        )


def plateau_coefficients(order: int, flatness: float) -> NDArray[np.float64]:
    """Chebyshev coefficients of the filter of ChebyCF, shape (order + 1,).

    The interpolation nodes are the Chebyshev nodes; the plateau, from 1 at -1 down to 0 at 1,
    is read at ``cos((order - j) pi / order)`` to three decimals instead, as the authors'
    software does: their published figures need it.
    """
    places = np.arange(order + 1)
    read_at = np.round(np.cos((order - places) / order * np.pi), 3)
    wanted = np.round(0.5 - 0.5 * np.sign(read_at) * np.abs(read_at) ** flatness, 3)
    angles = (order + 0.5 - places) / (order + 1) * np.pi
    coefficients = np.cos(np.outer(places, angles)) @ wanted * 2 / (order + 1)
    coefficients[0] /= 2
    return np.asarray(coefficients)


def normalised(likes: csr_matrix) -> csr_matrix:
    """``Du^-1/2 X Di^-1/2``, float64."""
    of_users, of_items = (
        _inverse(_powers(np.asarray(likes.sum(axis=axis, dtype=np.float64)).ravel(), 0.5))
        for axis in (1, 0)
    )
    data = likes.data * np.repeat(of_users, np.diff(likes.indptr)) * of_items[likes.indices]
    return csr_matrix((data, likes.indices, likes.indptr), likes.shape)


def _coefficients(order: int, flatness: float) -> NDArray[np.float64]:
    if order == 0:
        return np.empty(0)
    if order < _ORDER_WITH_PLATEAU:
        return np.array([0.5, -0.5])  # R'R itself, in I - 2 R'R
    return plateau_coefficients(order, flatness)


def _polynomial(
    walk: Callable[[FloatArray], FloatArray], signal: FloatArray, coefficients: NDArray[np.float64]
) -> FloatArray:
    """Sum of Chebyshev polynomials in ``I - 2 R'R``, by their recurrence, of each column."""
    older, newer = signal, signal - 2 * walk(signal)
    found = np.float32(coefficients[0]) * older + np.float32(coefficients[1]) * newer
    for coefficient in coefficients[2:].astype(np.float32):
        older, newer = newer, 2 * newer - 4 * walk(newer) - older
        found += coefficient * newer
    return found


def _powers(degrees: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Degrees to a power; 0 stays 0."""
    return np.where(degrees > 0, np.maximum(degrees, np.finfo(np.float64).tiny) ** exponent, 0)


def _inverse(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(1, powers, out=np.zeros_like(powers), where=powers > 0)


def _is_dense(side: int, rank: float) -> bool:
    return side <= max(_DENSE_SIDE, _DENSE_SHARE * rank)


def _computed_rank(rank: int, dataset: Dataset) -> int:
    """Vectors to compute where so many are wanted: few different numbers, so that fits share."""
    step = next(step for step in _LADDER if step >= rank)
    return min(step, *dataset.user_items.shape)


def _singular_vectors(
    likes: csr_matrix, rank: int, *, seed: int, threads: int
) -> NDArray[np.float32]:
    """Right singular vectors of the largest values, shape (n_items, <= rank), best first.

    None of a value of 0: such a vector is any of the null space, and says nothing.
    """
    if not likes.nnz:
        return np.empty((likes.shape[1], 0), np.float32)
    matrix = normalised(likes)
    with threadpool_limits(limits=threads, user_api="blas"):
        if _is_dense(min(matrix.shape), rank):
            return _by_gram(matrix)[:, :rank]
        start = np.random.default_rng(seed).normal(size=min(matrix.shape)).astype(np.float32)
        # float32 takes a third of the time and moves a figure on Gowalla by less than 1e-5
        _, values, vectors = svds(matrix.astype(np.float32), k=rank, v0=start)
    real = np.flatnonzero(np.square(values, dtype=np.float64) > _NULL_SQUARE)[::-1]
    return np.ascontiguousarray(vectors[real].T, np.float32)


def _by_gram(matrix: csr_matrix) -> NDArray[np.float32]:
    """All right singular vectors with a value above 0, by the Gram matrix of the shorter side."""
    by_users = matrix.shape[0] < matrix.shape[1]
    gram = (matrix @ matrix.T if by_users else matrix.T @ matrix).toarray()
    squares, vectors = np.linalg.eigh(gram)
    real = np.flatnonzero(squares > _NULL_SQUARE)[::-1]
    vectors = vectors[:, real]
    if by_users:
        vectors = (matrix.T @ vectors) / np.sqrt(squares[real])
    return np.ascontiguousarray(vectors, np.float32)
