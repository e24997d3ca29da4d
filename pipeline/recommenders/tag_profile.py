"""Items whose tags are like those of what one likes: TF-IDF vectors and their cosine.

A user's profile is the sum of the vectors of the liked items (Pazzani & Billsus 2007,
Content-based recommendation systems).  It needs no other user and reaches cold items.  Settings
other than the defaults leave items with many tags longer vectors, or let likes of much liked
items count less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset, unit_rows
from pipeline.feature_sums import ItemVectors
from pipeline.recommenders.base import (
    Arrays,
    Fitted,
    FloatArray,
    IntArray,
    PublishedFeatures,
    Recommender,
    narrowed,
    ranged,
)
from pipeline.recommenders.tag_vectors import (
    discounted,
    like_weights,
    no_features,
    packed_names,
    tag_vectors,
    unpacked_names,
)
from pipeline.recommenders.topk import Lists, ScoreRows, top_k

__all__ = ["TagProfile", "TagProfileFitted"]

_LIKE_WEIGHTS: Final = "like_weights"
_FEATURE_NAMES: Final = "feature_names"


@dataclass(frozen=True, eq=False)
class TagProfileFitted(Fitted):
    """TF-IDF vectors of items and users.

    Attributes
    ----------
    item_vectors : shape (n_items, n_features), see `tag_vectors`.
    user_vectors : shape (n_users, n_features), rows of length 1 or empty.
    like_weights : float32, shape (n_items,): what a like of each item counts in a user's vector.
    feature_names : of the columns.
    """

    item_vectors: csr_matrix
    user_vectors: csr_matrix
    like_weights: FloatArray
    feature_names: tuple[str, ...]

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return int(self.item_vectors.shape[0])

    @property
    def listable(self) -> IntArray:
        """Items with a feature, cold ones too; none where nobody has a profile."""
        return self.subjects if self.user_vectors.nnz else np.empty(0, np.int32)

    @property
    def subjects(self) -> IntArray:
        """Items with a feature, cold ones too."""
        return np.flatnonzero(np.diff(self.item_vectors.indptr)).astype(np.int32)

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Product of the user's profile and the item; ``-inf`` where they share no feature.

        With flat item vectors it is their cosine.
        """
        return _products(self.user_vectors, self.item_vectors[item_idxs])

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Items that share a feature with the item, by cosine."""
        items = narrowed(self.subjects, candidates)
        unit = unit_rows(self.item_vectors)
        return top_k(
            _products(unit, unit[items]),
            item_idxs,
            k,
            item_idxs=items,
            n_items=self.n_items,
            hide_self=True,
            threads=threads,
        )

    def published_features(self) -> PublishedFeatures:
        """The vectors of items."""
        vectors = self.item_vectors
        parts = (vectors.indptr, vectors.indices, vectors.data, self.like_weights)
        return PublishedFeatures(
            self.feature_names, ItemVectors(*parts, n_features=vectors.shape[1])
        )

    def to_arrays(self) -> Arrays:
        """Both matrices, as the three arrays of a CSR and its shape, and what goes with them."""
        matrices = {
            f"{name}_{part}": array
            for name, matrix in (("item", self.item_vectors), ("user", self.user_vectors))
            for part, array in (
                ("data", matrix.data),
                ("indices", matrix.indices),
                ("indptr", matrix.indptr),
                ("shape", np.asarray(matrix.shape)),
            )
        }
        return {
            **matrices,
            _LIKE_WEIGHTS: self.like_weights,
            _FEATURE_NAMES: packed_names(self.feature_names),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        items, users = (_matrix(arrays, name) for name in ("item", "user"))
        names = unpacked_names(arrays[_FEATURE_NAMES])
        return cls(items, users, arrays[_LIKE_WEIGHTS], names)


def _products(vectors: csr_matrix, items: csr_matrix) -> ScoreRows:
    by_feature = items.T.tocsr()  # (n_features, n_columns)

    def score(chunk: IntArray) -> FloatArray:
        products: FloatArray = (vectors[chunk] @ by_feature).toarray()
        products[products <= 0] = -np.inf  # nothing in common
        return products

    return score


def _matrix(arrays: Mapping[str, NDArray[Any]], name: str) -> csr_matrix:
    parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    n_rows, n_columns = arrays[f"{name}_shape"].tolist()
    return csr_matrix(parts, shape=(n_rows, n_columns))


@dataclass(frozen=True)
class TagProfile(Recommender):
    """Ranks items by the cosine of TF-IDF vectors of their features."""

    name: ClassVar[str] = "tag_profile"
    label: ClassVar[str] = "Same tags"
    sentence: ClassVar[str] = (
        "Looks for what is tagged alike, whoever likes it; rare tags count most."
    )
    fitted: ClassVar[type[Fitted]] = TagProfileFitted

    idf_power: float = ranged(1.0, 0.0, 4.0, "Weight of rare tags.", search=(0.0, 2.0))
    flatness: float = ranged(
        1.0, 0.0, 1.0, "How far the number of tags is divided out.", search=(0.0, 1.0)
    )
    discount: float = ranged(
        0.0, 0.0, 2.0, "Exponent by which likes of much liked items count less.", search=(0.0, 0.5)
    )

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """No features, where a search asks; by hand it lists nothing."""
        return no_features(self.name, dataset) if in_tuner else None

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> TagProfileFitted:  # noqa: ARG002
        """Weight features by smooth inverse document frequency and sum them by user."""
        vectors = tag_vectors(dataset, idf_power=self.idf_power, flatness=self.flatness)
        counted = like_weights(dataset.user_items, self.discount)
        users = unit_rows(discounted(dataset.user_items, self.discount) @ vectors)
        return TagProfileFitted(vectors, users, counted, dataset.feature_names)
