"""Coordinates of items in the space of a tag kernel, in which a ridge is a division.

The kernel of two items is ((1 + f_i . f_j) / 2)^power: 1 is linear, and a higher power weighs
tags that stand together, as a model of all products of so many tags would.  A ridge on the
coordinates Z (Z Z' = K) is the kernel ridge.  Z'Z of the liked items is kept beside them: another
regularization costs a decomposition of it and one triangular solve for all items, two fifths of a
fit.

Two ways lead there, both exact but for rounding: tags themselves where the kernel is linear and
tags are the fewer, turned to what liked items span; else the kernel to every distinct liked item
that is no linear combination of others, to 1e-6 of its square, by a Cholesky decomposition with
pivots (Schölkopf & Smola 2002, Learning with kernels, 2.2.7, the empirical kernel map; Higham
2002, Accuracy and stability of numerical algorithms, 10.3).  With more of those than
``landmarks``, as many are drawn, which is the approximation of Nyström (Williams & Seeger 2001,
Using the Nyström method to speed up kernel machines).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, lapack, solve_triangular
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.tag_vectors import tag_vectors

__all__ = ["Space", "TagSpace", "n_distinct", "pivoted_cholesky", "too_wide"]

_KEPT: Final = 2
_FLOOR: Final = 1e-6  # of a diagonal entry: less is rounding in float32
_FLOAT64_FLOOR: Final = 1e-12  # of the largest eigenvalue
_MOST_BYTES: Final = 2_000_000_000
_BLOCK_ROWS: Final = 256  # of the kernel, that are sparse and dense at once
_CUBE_S: Final = 4e-11
_PRODUCT_S: Final = 2e-11
_LEAST_S: Final = 0.05
_RIDGE: Final = 2 / 3  # of the seconds of a space
_MEMO: Final = "tag_space:last"
_DISTINCT: Final = "tag_space:distinct"


@dataclass(frozen=True, eq=False)
class TagSpace:
    """Items in the space of a kernel.

    Attributes
    ----------
    coordinates : float32, shape (n_items, rank); zeros for an item without features.
    gram : float32, shape (rank, rank): Z'Z over the items with a like.
    described : items with a feature, ascending.
    """

    coordinates: FloatArray
    gram: FloatArray
    described: IntArray

    @property
    def rank(self) -> int:
        """Number of coordinates; 0 where no liked item has features."""
        return len(self.gram)

    @property
    def size_bytes(self) -> int:
        """What its arrays take."""
        return self.coordinates.nbytes + self.gram.nbytes + self.described.nbytes

    def ridge(self, regularization: float) -> FloatArray:
        """Rows whose products are Z (gram + regularization I)^-1 Z', shape (n_items, <= rank).

        A coordinate that others foretell to 1e-6, regularization and all, is left out.
        """
        system = self.gram.astype(np.float64)
        system[np.diag_indices_from(system)] += regularization
        return _divided(self.coordinates, *pivoted_cholesky(system))


@dataclass(frozen=True, slots=True)
class Space:
    """Settings of a space; see the module.

    Attributes
    ----------
    idf_power, flatness : of `tag_vectors`.
    power : of the kernel, at least 1; only whole ones are of positive kernels.
    landmarks : most items that the kernel is taken to.
    """

    idf_power: float
    flatness: float
    power: int
    landmarks: int

    def of(self, dataset: Dataset, seed: int) -> TagSpace:
        """The space for a data set; the last two are kept with it, fewer where they are large.

        What is kept and what it takes to make another one are together below 2 GB.  A data set
        without a liked item that has features gives a space of rank 0.
        """
        memo: dict[tuple[Space, int], TagSpace] = dataset.derived(_MEMO, dict)
        key = (self, seed)
        found = memo.pop(key, None)
        if found is None:
            self._make_room(memo, dataset)
            found = self._made(dataset, seed)
        memo[key] = found
        return found

    def _make_room(self, memo: dict[tuple[Space, int], TagSpace], dataset: Dataset) -> None:
        left = _MOST_BYTES - self.size_bytes(dataset)
        while memo and (len(memo) >= _KEPT or sum(one.size_bytes for one in memo.values()) > left):
            memo.pop(next(iter(memo)))

    def size_bytes(self, dataset: Dataset) -> int:
        """Most that lives at once while a space is made, beside the sparse vectors.

        Of float32, the coordinates and a copy: of the liked items, or of all in a ridge; of
        float64, the kernel of the landmarks, or the system of a ridge, and its decomposition; what
        that is rounded to, and Z'Z.
        """
        width = self.width(dataset)
        return 8 * dataset.n_items * width + 24 * width * width

    def is_kept(self, dataset: Dataset) -> bool:
        """Whether the space was made for the data set, with any seed, and is still at hand."""
        memo: dict[tuple[Space, int], TagSpace] = dataset.derived(_MEMO, dict)
        return any(space == self for space, _ in memo)

    def width(self, dataset: Dataset) -> int:
        """Columns before the decomposition, at most."""
        wide = min(self.landmarks, n_distinct(dataset))
        return min(wide, dataset.item_features.shape[1]) if self.power == 1 else wide

    def seconds(self, dataset: Dataset) -> float:
        """Rough seconds of the decompositions and the products around them, on one core."""
        width = float(self.width(dataset))
        return _CUBE_S * width**3 + _PRODUCT_S * width**2 * dataset.n_items + _LEAST_S

    def ridge_seconds(self, dataset: Dataset) -> float:
        """Rough seconds of a ridge in the space once it is made, on one core."""
        return _RIDGE * self.seconds(dataset)

    def _made(self, dataset: Dataset, seed: int) -> TagSpace:
        vectors = tag_vectors(dataset, idf_power=self.idf_power, flatness=self.flatness)
        described = np.flatnonzero(np.diff(vectors.indptr)).astype(np.int32)
        liked = np.bincount(dataset.user_items.indices, minlength=dataset.n_items) > 0
        known = described[liked[described]]
        coordinates = self._mapped(vectors, known, seed)
        blank = np.ones(dataset.n_items, bool)
        blank[described] = False
        coordinates[blank] = 0
        return TagSpace(coordinates, _gram(coordinates[known]), described)

    def _mapped(self, vectors: csr_matrix, known: IntArray, seed: int) -> FloatArray:
        """Coordinates of all items, shape (n_items, <= width)."""
        distinct = _distinct(vectors, known)
        if self.power == 1 and vectors.shape[1] <= min(len(distinct), self.landmarks):
            return _spanned(vectors, known)
        if len(distinct) > self.landmarks:
            drawn = np.random.default_rng(seed).choice(distinct, self.landmarks, replace=False)
            distinct = np.sort(drawn).astype(np.int32)
        landmarks = vectors[distinct].astype(np.float64)  # rank is lost in float32
        kept, lower = pivoted_cholesky(self._kernel(landmarks, landmarks))
        kernel = self._kernel(vectors, vectors[distinct[kept]])
        return _divided(kernel, np.arange(len(kept)), lower)

    def _kernel(self, rows: csr_matrix, columns: csr_matrix) -> NDArray[Any]:
        """Kernel of two sets of items, in their precision, by blocks of rows."""
        columns = columns.T.tocsr()
        kernel = np.zeros((rows.shape[0], columns.shape[1]), rows.dtype)
        for start in range(0, len(kernel), _BLOCK_ROWS):
            block = kernel[start : start + _BLOCK_ROWS]
            (rows[start : start + _BLOCK_ROWS] @ columns).toarray(out=block)
            if self.power != 1:
                block += 1
                block /= 2
                np.power(block, self.power, out=block)
        return kernel


def too_wide(name: str, space: Space, dataset: Dataset) -> str | None:
    """Why a space is not built, with the memory that it would take; None where it is.

    Counted is what `Space.size_bytes` names.  Spaces that are kept are not: they give way.
    """
    width, size = space.width(dataset), space.size_bytes(dataset)
    if size <= _MOST_BYTES:
        return None
    return (
        f"{name}: {width} landmarks and {dataset.n_items} items take {size / 1e9:.1f} GB, "
        f"the limit is {_MOST_BYTES / 1e9:.0f} GB: take fewer landmarks"
    )


def pivoted_cholesky(square: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows that are no linear combinations of others, and the Cholesky factor of these.

    Parameters
    ----------
    square : shape (n, n), symmetric and in C order, positive but for rounding; overwritten.

    Returns
    -------
    kept : at most n positions; a row is left out where less than 1e-6 of its diagonal entry is
        not told by those before it.
    lower : shape (n_kept, n_kept), such that lower lower' = square[kept][:, kept]; what stands
        above its diagonal is no part of it.
    """
    length = np.sqrt(np.diag(square).clip(min=0))
    scale = np.divide(1, length, where=length > 0, out=np.zeros(len(square)))
    if not scale.any():
        return np.empty(0, np.int64), np.empty((0, 0))
    square *= scale[:, None]
    square *= scale
    factor, pivots, rank, _ = lapack.dpstrf(square.T, tol=_FLOOR, lower=1, overwrite_a=1)
    kept = np.asarray(pivots[:rank] - 1, np.int64)
    lower = factor[:rank, :rank]
    lower *= length[kept, None]
    return kept, lower


def _divided(rows: FloatArray, kept: NDArray[np.int64], lower: NDArray[np.float64]) -> FloatArray:
    """R such that R R' = B (lower lower')^-1 B', where B is these columns of rows."""
    taken = np.take(rows, kept, axis=1)
    solved = solve_triangular(
        lower.astype(np.float32), taken.T, lower=True, overwrite_b=True, check_finite=False
    )
    return np.asarray(solved.T)


def _spanned(vectors: csr_matrix, known: IntArray) -> FloatArray:
    """Vectors turned to the directions in which those of known items lie; all others are lost."""
    own = vectors[known].astype(np.float64)
    gram = (own.T @ own).toarray()
    spectrum, basis = eigh(gram, driver="evd", overwrite_a=True, check_finite=False)
    spanning = basis[:, spectrum > _FLOAT64_FLOOR * spectrum[-1]].astype(np.float32)
    return np.asarray(vectors @ spanning)


def _gram(rows: FloatArray) -> FloatArray:
    return rows.T @ rows  # of one array with itself BLAS computes half


def n_distinct(dataset: Dataset) -> int:
    """How many liked items differ in their features: landmarks that make a space exact."""

    def count() -> int:
        features = dataset.item_features
        liked = np.bincount(dataset.user_items.indices, minlength=dataset.n_items) > 0
        known = np.flatnonzero(liked & (np.diff(features.indptr) > 0)).astype(np.int32)
        return len(_distinct(features, known))

    return dataset.derived(_DISTINCT, count)


def _distinct(vectors: csr_matrix, items: IntArray) -> IntArray:
    """The first item of each set of features among these, ascending."""
    first: dict[bytes, int] = {}
    for item in items.tolist():
        own = slice(vectors.indptr[item], vectors.indptr[item + 1])
        first.setdefault(vectors.indices[own].tobytes() + vectors.data[own].tobytes(), item)
    return np.asarray(list(first.values()), np.int32)
