"""Items whose tags are like those of what one likes: TF-IDF vectors and their cosine.

A user's profile is the sum of the vectors of the liked items (Pazzani & Billsus 2007,
Content-based recommendation systems).  It needs no other user and reaches cold items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset, unit_rows
from pipeline.recommenders.base import Arrays, Fitted, FloatArray, IntArray, Recommender, narrowed
from pipeline.recommenders.topk import Lists, ScoreRows, top_k

__all__ = ["TagProfile", "TagProfileFitted"]


@dataclass(frozen=True, eq=False)
class TagProfileFitted(Fitted):
    """TF-IDF vectors of items and users.

    Attributes
    ----------
    item_vectors : shape (n_items, n_features), rows of length 1 or empty.
    user_vectors : shape (n_users, n_features), the same.
    """

    item_vectors: csr_matrix
    user_vectors: csr_matrix

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return int(self.item_vectors.shape[0])

    @property
    def listable(self) -> IntArray:
        """Items with a feature, cold ones too."""
        return np.flatnonzero(np.diff(self.item_vectors.indptr)).astype(np.int32)

    @property
    def subjects(self) -> IntArray:
        """Items with a feature, cold ones too."""
        return self.listable

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Cosine of the user's profile and the item; ``-inf`` where they share no feature."""
        return self._cosines(self.user_vectors, item_idxs)

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Items that share a feature with the item, by cosine."""
        items = narrowed(self.listable, candidates)
        return top_k(
            self._cosines(self.item_vectors, items),
            item_idxs,
            k,
            item_idxs=items,
            n_items=self.n_items,
            hide_self=True,
            threads=threads,
        )

    def _cosines(self, vectors: csr_matrix, items: IntArray) -> ScoreRows:
        by_feature = self.item_vectors[items].T.tocsr()  # (n_features, n_columns)

        def score(chunk: IntArray) -> FloatArray:
            cosines: FloatArray = (vectors[chunk] @ by_feature).toarray()
            cosines[cosines <= 0] = -np.inf  # nothing in common
            return cosines

        return score

    def to_arrays(self) -> Arrays:
        """Both matrices, as the three arrays of a CSR and its shape."""
        return {
            f"{name}_{part}": array
            for name, matrix in (("item", self.item_vectors), ("user", self.user_vectors))
            for part, array in (
                ("data", matrix.data),
                ("indices", matrix.indices),
                ("indptr", matrix.indptr),
                ("shape", np.asarray(matrix.shape)),
            )
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        return cls(*(_matrix(arrays, name) for name in ("item", "user")))


def _matrix(arrays: Mapping[str, NDArray[Any]], name: str) -> csr_matrix:
    parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    n_rows, n_columns = arrays[f"{name}_shape"].tolist()
    return csr_matrix(parts, shape=(n_rows, n_columns))


@dataclass(frozen=True)
class TagProfile(Recommender):
    """Ranks items by the cosine of TF-IDF vectors of their features."""

    name: ClassVar[str] = "tag_profile"
    label: ClassVar[str] = "Same tags"
    sentence: ClassVar[str] = "Things that share tags with what you like, rare tags counting most."
    fitted: ClassVar[type[Fitted]] = TagProfileFitted

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> TagProfileFitted:  # noqa: ARG002
        """Weight features by smooth inverse document frequency and sum them by user."""
        features = dataset.item_features.copy()
        document_frequency = np.bincount(features.indices, minlength=features.shape[1])
        idf = np.log((1 + dataset.n_items) / (1 + document_frequency)) + 1
        features.data *= idf[features.indices].astype(np.float32)
        item_vectors = unit_rows(features)
        return TagProfileFitted(item_vectors, unit_rows(dataset.user_items @ item_vectors))
