"""Coordinates of items in the space of a tag kernel, in which a ridge is a division.

The kernel of two items is ((1 + f_i . f_j) / 2)^power: 1 is linear, and a higher power weighs
tags that stand together, as a model of all products of so many tags would.  A ridge on the
coordinates Z (Z Z' = K) is the kernel ridge; they are turned so that Z'Z of the liked items is
diagonal, and then one decomposition serves every regularization.

Two ways lead there, both exact: tags themselves where the kernel is linear and tags are the
fewer, else the kernel to every distinct liked item (Schölkopf & Smola 2002, Learning with
kernels, 2.2.7, the empirical kernel map).  With more of those than ``landmarks``, as many are
drawn, which is the approximation of Nyström (Williams & Seeger 2001, Using the Nyström method
to speed up kernel machines).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.tag_vectors import tag_vectors

__all__ = ["Space", "TagSpace", "n_distinct", "too_wide"]

_KEPT: Final = 2
_RELATIVE_FLOOR: Final = 1e-7
_FLOAT32_FLOOR: Final = 1e-6
_MOST_BYTES: Final = 2_000_000_000
_BLOCK_ROWS: Final = 256  # of the kernel, that are sparse and dense at once
_CUBE_S: Final = 2.5e-10
_PRODUCT_S: Final = 4e-11
_LEAST_S: Final = 0.05
_MEMO: Final = "tag_space:last"
_DISTINCT: Final = "tag_space:distinct"


@dataclass(frozen=True, eq=False)
class TagSpace:
    """Items in the space of a kernel.

    Attributes
    ----------
    coordinates : float32, shape (n_items, rank); zeros for an item without features.
    spectrum : float64, shape (rank,), ascending and above 0: the diagonal of Z'Z over the
        items with a like.
    described : items with a feature, ascending.
    """

    coordinates: FloatArray
    spectrum: NDArray[np.float64]
    described: IntArray

    @property
    def size_bytes(self) -> int:
        """What its arrays take."""
        return self.coordinates.nbytes + self.spectrum.nbytes + self.described.nbytes


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

        Of float32, the kernel and the coordinates that are made of it (or these and, of the
        liked items, a copy); of float64, the kernel of the landmarks, overwritten by its
        eigenvectors, and twice as much to find these (LAPACK's dsyevd).
        """
        width = self.width(dataset)
        return 8 * dataset.n_items * width + 24 * width * width

    def width(self, dataset: Dataset) -> int:
        """Columns before the decomposition, at most."""
        wide = min(self.landmarks, n_distinct(dataset))
        return min(wide, dataset.item_features.shape[1]) if self.power == 1 else wide

    def seconds(self, dataset: Dataset) -> float:
        """Rough seconds of the decompositions and the products around them, on one core."""
        width = float(self.width(dataset))
        return _CUBE_S * width**3 + _PRODUCT_S * width**2 * dataset.n_items + _LEAST_S

    def _made(self, dataset: Dataset, seed: int) -> TagSpace:
        vectors = tag_vectors(dataset, idf_power=self.idf_power, flatness=self.flatness)
        described = np.flatnonzero(np.diff(vectors.indptr)).astype(np.int32)
        liked = np.bincount(dataset.user_items.indices, minlength=dataset.n_items) > 0
        known = described[liked[described]]
        coordinates, spectrum = _turned(self._mapped(vectors, known, seed), known)
        blank = np.ones(dataset.n_items, bool)
        blank[described] = False
        coordinates[blank] = 0
        return TagSpace(coordinates, spectrum, described)

    def _mapped(self, vectors: csr_matrix, known: IntArray, seed: int) -> FloatArray:
        """Coordinates of all items, shape (n_items, width)."""
        distinct = _distinct(vectors, known)
        if self.power == 1 and vectors.shape[1] <= min(len(distinct), self.landmarks):
            return np.asarray(vectors.toarray(), np.float32)
        if len(distinct) > self.landmarks:
            drawn = np.random.default_rng(seed).choice(distinct, self.landmarks, replace=False)
            distinct = np.sort(drawn).astype(np.int32)
        kernel = self._kernel(vectors, distinct)
        if not len(distinct):
            return kernel
        square = kernel[distinct].astype(np.float64, order="F")
        values, basis = eigh(square, driver="evd", overwrite_a=True, check_finite=False)
        kept = values > _RELATIVE_FLOOR * values[-1]
        scaled = (basis[:, kept] / np.sqrt(values[kept])).astype(np.float32)
        mapped: FloatArray = kernel @ scaled
        return mapped

    def _kernel(self, vectors: csr_matrix, landmarks: IntArray) -> FloatArray:
        """Kernel of all items and these, shape (n_items, n_landmarks), by blocks of rows."""
        columns = vectors[landmarks].T.tocsr()
        kernel = np.zeros((vectors.shape[0], len(landmarks)), np.float32)
        for start in range(0, len(kernel), _BLOCK_ROWS):
            block = kernel[start : start + _BLOCK_ROWS]
            (vectors[start : start + _BLOCK_ROWS] @ columns).toarray(out=block)
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


def _turned(mapped: FloatArray, known: IntArray) -> tuple[FloatArray, NDArray[np.float64]]:
    """The same coordinates, turned so that those of the known items have a diagonal Z'Z."""
    if not mapped.shape[1] or not len(known):
        return np.zeros((len(mapped), 0), np.float32), np.zeros(0)
    # Divide and conquer in float32 takes 0.4 of the time; what it loses any ridge would hide.
    spectrum, basis = eigh(_gram(mapped[known]), driver="evd", check_finite=False)
    kept = spectrum > _FLOAT32_FLOOR * spectrum[-1]
    return mapped @ basis[:, kept], spectrum[kept].astype(np.float64)


def _gram(rows: FloatArray) -> FloatArray:
    return rows.T @ rows


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
