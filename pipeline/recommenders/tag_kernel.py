"""Kernel ridge from tags to likes: what each tag, alone and with others, does for each user.

With K the kernel of items by their tags, w the items with a like and c any items,

    scores = X D (K_ww + lambda I)^-1 K_wc,    D = diag(n_i^-discount)

(Saunders, Gammerman & Vovk 1998, Ridge regression learning algorithm in dual variables,
equation 9, with one target a user; linear and in primal form it is the content half of
Gantner et al. 2010).  It reaches cold items, and knows a liked item by its tags alone.

The system is solved in the coordinates of `tag_space`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
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
from pipeline.recommenders.tag_space import Space, too_wide
from pipeline.recommenders.tag_vectors import discounted, no_features
from pipeline.recommenders.topk import Lists, ScoreRows

__all__ = ["TagKernel", "TagKernelFitted"]

_FEW_FEATURES: Final = 500


@dataclass(frozen=True, eq=False)
class TagKernelFitted(Fitted):
    """Coordinates of items in the kernel's space and the likes that speak there.

    Attributes
    ----------
    coordinates : float32, shape (n_items, <= rank), scaled so that the weight of one item for
        another is the product of their rows.
    likes : shape (n_users, n_items), discounted; only of items that have features.
    described : items with features, ascending; empty where no such item is liked.
    """

    coordinates: FloatArray
    likes: csr_matrix
    described: IntArray

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return len(self.coordinates)

    @property
    def listable(self) -> IntArray:
        """Items with features, cold ones too."""
        return self.described

    @property
    def subjects(self) -> IntArray:
        """Items with features, cold ones too."""
        return self.described

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Sum of the weights of the liked items; ``-inf`` for who likes none with features."""
        columns = np.ascontiguousarray(self.coordinates[item_idxs].T)

        def score(chunk: IntArray) -> FloatArray:
            likes = self.likes[chunk]
            scores: FloatArray = (likes @ self.coordinates) @ columns  # (chunk, n_columns)
            scores[np.diff(likes.indptr) == 0] = -np.inf
            return scores

        return score

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Items by the cosine of their coordinates."""
        items = narrowed(self.listable, candidates)
        return cosine_lists(self.coordinates, item_idxs, k, listed=items, threads=threads)

    def to_arrays(self) -> Arrays:
        """Coordinates, likes and which items have features."""
        return {
            "coordinates": self.coordinates,
            "likes_data": self.likes.data,
            "likes_indices": self.likes.indices,
            "likes_indptr": self.likes.indptr,
            "described": self.described,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        coordinates = arrays["coordinates"]
        parts = tuple(arrays[f"likes_{part}"] for part in ("data", "indices", "indptr"))
        shape = (len(parts[2]) - 1, len(coordinates))
        return cls(coordinates, csr_matrix(parts, shape=shape), arrays["described"])


@dataclass(frozen=True)
class TagKernel(Recommender):
    """Predicts likes from tags that stand together, by kernel ridge regression."""

    name: ClassVar[str] = "tag_kernel"
    label: ClassVar[str] = "Tags that go together"
    sentence: ClassVar[str] = "Learns which tags, alone or side by side, speak for a like."
    fitted: ClassVar[type[Fitted]] = TagKernelFitted

    regularization: float = ranged(
        1.0, 1e-4, 1e6, "Added to the diagonal of the kernel.", search=(0.01, 1000), log=True
    )
    power: int = ranged(3, 1, 12, "Power of the kernel; 1 is linear.", search=(1, 6))
    idf_power: float = ranged(0.5, 0.0, 4.0, "Weight of rare tags.", search=(0.0, 1.5))
    flatness: float = ranged(
        0.2, 0.0, 1.0, "How far the number of tags is divided out.", search=(0.0, 1.0)
    )
    discount: float = ranged(
        0.0, 0.0, 2.0, "Exponent by which likes of much liked items count less.", search=(0.0, 0.3)
    )
    landmarks: int = ranged(3000, 1, 20_000, "Most items that the kernel is taken to.")

    def starts(self, dataset: Dataset) -> tuple[Self, ...]:
        """For many tags of an item and for few; first what suits the data (docs/decisions/0023)."""
        few = replace(self, regularization=0.2, power=5, idf_power=0.15, flatness=0.7)
        return (few, self) if dataset.item_features.shape[1] <= _FEW_FEATURES else (self, few)

    @property
    def space(self) -> Space:
        """The space in which the ridge is solved."""
        return Space(self.idf_power, self.flatness, self.power, self.landmarks)

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:  # noqa: ARG002
        """No features, or a space that takes more than 2 GB."""
        return no_features(self.name, dataset) or too_wide(self.name, self.space, dataset)

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of the space and of the ridge."""
        return self.space.seconds(dataset) + self.space.ridge_seconds(dataset)

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> TagKernelFitted:  # noqa: ARG002
        """Solve in the space of the kernel; `seed` draws landmarks where there are too many.

        Raises
        ------
        FitError : no features, or a space that takes more than 2 GB.
        """
        if reason := self.refusal(dataset):
            raise FitError(reason)
        space = self.space.of(dataset, seed)
        coordinates = space.ridge(self.regularization)
        likes = _of_items(discounted(dataset.user_items, self.discount), space.described)
        known = space.described if likes.nnz else np.empty(0, np.int32)
        return TagKernelFitted(coordinates, likes, known)


def _of_items(likes: csr_matrix, item_idxs: IntArray) -> csr_matrix:
    """Likes of these items alone, on the same positions."""
    is_kept = np.zeros(likes.shape[1], bool)
    is_kept[item_idxs] = True
    kept = is_kept[likes.indices]
    before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int32)
    parts = (likes.data[kept], likes.indices[kept], before[likes.indptr])
    return csr_matrix(parts, shape=likes.shape)
