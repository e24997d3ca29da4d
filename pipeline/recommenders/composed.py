"""Fitted factors of items that are composed of those of their features and of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.feature_sums import ComposedFactors
from pipeline.recommenders.base import Arrays, FloatArray, PublishedFeatures
from pipeline.recommenders.factors import FactorsFitted
from pipeline.recommenders.tag_vectors import packed_names, unpacked_names

__all__ = ["ComposedFitted"]

_ROWS: Final = "rows"
_FEATURE_FACTORS: Final = "feature_factors"
_OWN_FACTORS: Final = "own_factors"
_FEATURE_NAMES: Final = "feature_names"


@dataclass(frozen=True, eq=False)
class ComposedFitted(FactorsFitted):
    """Factors of items, and what they are the sums of (`ComposedFactors`).

    Attributes
    ----------
    rows : shape (n_items, n_features): weight of each feature in its item.
    feature_factors, own_factors : float32, biases in the last column.
    feature_names : of the columns of ``rows``.
    """

    rows: csr_matrix
    feature_factors: FloatArray
    own_factors: FloatArray
    feature_names: tuple[str, ...]

    def published_features(self) -> PublishedFeatures | None:
        """The factors; None without features, of which nothing could be told."""
        if not self.feature_names:
            return None
        parts = (self.rows.indptr, self.rows.indices, self.rows.data)
        people = np.hstack([self.user_factors, self.user_biases[:, None]])
        sums = ComposedFactors(*parts, self.feature_factors, self.own_factors, people)
        return PublishedFeatures(self.feature_names, sums)

    def to_arrays(self) -> Arrays:
        """Those of factors, and what the items' are summed from."""
        return {
            **super().to_arrays(),
            f"{_ROWS}_data": self.rows.data,
            f"{_ROWS}_indices": self.rows.indices,
            f"{_ROWS}_indptr": self.rows.indptr,
            _FEATURE_FACTORS: self.feature_factors,
            _OWN_FACTORS: self.own_factors,
            _FEATURE_NAMES: packed_names(self.feature_names),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        plain = FactorsFitted.from_arrays(arrays)
        names = unpacked_names(arrays[_FEATURE_NAMES])
        parts = tuple(arrays[f"{_ROWS}_{part}"] for part in ("data", "indices", "indptr"))
        return cls(
            **vars(plain),
            rows=csr_matrix(parts, shape=(plain.n_items, len(names))),
            feature_factors=arrays[_FEATURE_FACTORS],
            own_factors=arrays[_OWN_FACTORS],
            feature_names=names,
        )
