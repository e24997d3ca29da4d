"""Fitted factors: a user's score of an item is the product of their vectors, plus biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.recommenders.base import Arrays, Fitted, FloatArray, IntArray, narrowed
from pipeline.recommenders.cosine import cosine_lists
from pipeline.recommenders.inner_products import highest_products
from pipeline.recommenders.topk import Lists, ScoreRows, empty_lists

__all__ = ["FactorsFitted", "UnbiasedFitted"]


@dataclass(frozen=True, eq=False)
class FactorsFitted(Fitted):
    """Factors and biases.

    Attributes
    ----------
    user_factors, item_factors : float32, shapes (n_users, factors) and (n_items, factors).
    user_biases, item_biases : float32, shapes (n_users,) and (n_items,).
    learned : items that have learned factors, ascending; the others' rows are zero.
    """

    user_factors: NDArray[np.float32]
    user_biases: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    item_biases: NDArray[np.float32]
    learned: IntArray

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return len(self.item_biases)

    @property
    def listable(self) -> IntArray:
        """Items with learned factors."""
        return self.learned

    @property
    def subjects(self) -> IntArray:
        """Items with learned factors."""
        return self.learned

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Product of factors plus both biases."""
        columns = self._item_vectors(item_idxs).T

        def score(chunk: IntArray) -> FloatArray:
            scores: FloatArray = self._user_vectors(chunk) @ columns  # (chunk, n_columns)
            return scores

        return score

    def user_lists(
        self,
        user_idxs: IntArray,
        k: int,
        *,
        seen: csr_matrix | None = None,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists:
        """Highest products of factors plus both biases; nothing for who is not known."""
        items = narrowed(self.learned, candidates)
        is_known = self._are_known(user_idxs)
        of_known = highest_products(
            self._user_vectors,
            user_idxs[is_known],
            k,
            item_vectors=self._item_vectors(items),
            item_idxs=items,
            n_items=self.n_items,
            hidden=seen,
            threads=threads,
        )
        lists = empty_lists(len(user_idxs), k)
        lists.item_idxs[is_known] = of_known.item_idxs
        lists.scores[is_known] = of_known.scores
        return lists

    def _are_known(self, user_idxs: IntArray) -> NDArray[np.bool_]:
        """Who of them has lists: everybody, if only by the biases of items."""
        return np.ones(len(user_idxs), np.bool_)

    def _user_vectors(self, user_idxs: IntArray) -> FloatArray:
        """Factors, a one for the item's bias and the user's own, shape (n, factors + 2)."""
        one = np.ones((len(user_idxs), 1), np.float32)
        return np.hstack([self.user_factors[user_idxs], one, self.user_biases[user_idxs, None]])

    def _item_vectors(self, item_idxs: IntArray) -> FloatArray:
        """Factors, the item's bias and a one for the user's, shape (n, factors + 2)."""
        one = np.ones((len(item_idxs), 1), np.float32)
        return np.hstack([self.item_factors[item_idxs], self.item_biases[item_idxs, None], one])

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Items by the cosine of their factors."""
        items = narrowed(self.learned, candidates)
        return cosine_lists(self.item_factors, item_idxs, k, listed=items, threads=threads)

    def to_arrays(self) -> Arrays:
        """Factors, biases and which items have them."""
        return {
            "user_factors": self.user_factors,
            "user_biases": self.user_biases,
            "item_factors": self.item_factors,
            "item_biases": self.item_biases,
            "learned": self.learned,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        names = ("user_factors", "user_biases", "item_factors", "item_biases", "learned")
        return cls(*(arrays[name] for name in names))


@dataclass(frozen=True, eq=False)
class UnbiasedFitted(FactorsFitted):
    """Factors without biases, which are 0: of who has no factors, nothing is known."""

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Product of factors; ``-inf`` for who has none."""
        scorer = super().user_scorer(item_idxs)

        def score(chunk: IntArray) -> FloatArray:
            scores = scorer(chunk)
            scores[~self._are_known(chunk)] = -np.inf
            return scores

        return score

    def _are_known(self, user_idxs: IntArray) -> NDArray[np.bool_]:
        return np.asarray(np.any(self.user_factors[user_idxs], axis=1), np.bool_)

    def _user_vectors(self, user_idxs: IntArray) -> FloatArray:
        return self.user_factors[user_idxs]

    def _item_vectors(self, item_idxs: IntArray) -> FloatArray:
        return self.item_factors[item_idxs]
