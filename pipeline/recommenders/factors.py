"""Fitted factors: a user's score of an item is the product of their vectors, plus biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.recommenders.base import Arrays, Fitted, FloatArray, IntArray, narrowed
from pipeline.recommenders.cosine import cosine_lists
from pipeline.recommenders.topk import Lists, ScoreRows

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
        ones = np.ones((len(item_idxs), 1), np.float32)
        biased = [self.item_factors[item_idxs], self.item_biases[item_idxs, None], ones]
        columns = np.hstack(biased).T

        def score(chunk: IntArray) -> FloatArray:
            one = np.ones((len(chunk), 1), np.float32)
            rows = np.hstack([self.user_factors[chunk], one, self.user_biases[chunk, None]])
            return rows @ columns  # (chunk, n_columns)

        return score

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
    """Factors without biases: of who has none, nothing is known."""

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Product of factors; ``-inf`` for who has none."""
        scorer = super().user_scorer(item_idxs)

        def score(chunk: IntArray) -> FloatArray:
            scores = scorer(chunk)
            scores[~self.user_factors[chunk].any(axis=1)] = -np.inf
            return scores

        return score
