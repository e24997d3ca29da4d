"""Walks of three steps from item to user to item, with free exponents of the degrees.

The weights are W = Di^-a X' Du^-b X Di^-c with a zero diagonal, Di and Du the degrees of items
and users, and a user's scores x_u W.  With a = b = 1 this is RP3beta (Paudel, Christoffel,
Newell & Bernstein 2017, Updatable, accurate, diverse, and scalable recommendations for
interactive applications, section 4.2), which P3alpha (Cooper et al. 2014) precedes with c = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.fold_in import ItemWeights
from pipeline.recommenders.base import Fitted, Recommender, ranged
from pipeline.recommenders.item_weights import ItemWeightsFitted, stacked, strongest

__all__ = ["ItemGraph", "ItemGraphFitted"]

_BLOCK_WORK: Final = 2_000_000  # multiplications: bounds what a block takes


class ItemGraphFitted(ItemWeightsFitted):
    """Weights of a walk; none is negative."""

    zero_is_silence: ClassVar[bool] = True


@dataclass(frozen=True)
class ItemGraph(Recommender):
    """Ranks items by walks from what one likes over others who like it."""

    name: ClassVar[str] = "item_graph"
    label: ClassVar[str] = "Liked together"
    sentence: ClassVar[str] = "What is often liked by those who like the same things."
    fitted: ClassVar[type[Fitted]] = ItemGraphFitted

    left_exponent: float = ranged(
        0.6, -1.0, 2.0, "How much a much liked item speaks less.", search=(0.0, 1.2)
    )
    user_exponent: float = ranged(
        0.6, -1.0, 2.0, "How much a person of many likes speaks less.", search=(0.0, 1.2)
    )
    right_exponent: float = ranged(
        0.4, -1.0, 2.0, "How much a much liked item is recommended less.", search=(0.0, 1.2)
    )
    neighbours: int = ranged(300, 1, 1000, "Weights kept of each item, the strongest.")

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> ItemGraphFitted:  # noqa: ARG002
        """Multiply by blocks of rows, keeping the strongest of each."""
        likes = dataset.user_items
        of_items = np.asarray(likes.sum(axis=0, dtype=np.float64)).ravel()
        of_users = np.asarray(likes.sum(axis=1, dtype=np.float64)).ravel()
        scale = _power(of_items, self.left_exponent)
        left = _scaled(likes.T.tocsr(), scale, np.ones(dataset.n_users))
        right = _scaled(
            likes,
            _power(of_users, self.user_exponent),
            _power(of_items, self.right_exponent),
        )
        return ItemGraphFitted(_product(left, right, self.neighbours), likes)


def _power(degrees: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Degrees to the power of ``-exponent``; 0 where there is nothing."""
    powers = np.zeros(len(degrees))
    np.power(degrees, -exponent, out=powers, where=degrees > 0)
    return powers


def _scaled(
    matrix: csr_matrix, of_rows: NDArray[np.float64], of_columns: NDArray[np.float64]
) -> csr_matrix:
    data = matrix.data * np.repeat(of_rows, np.diff(matrix.indptr)) * of_columns[matrix.indices]
    return csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), matrix.shape)


def _product(left: csr_matrix, right: csr_matrix, neighbours: int) -> ItemWeights:
    """Rows of the product, each pruned as soon as it is made."""
    widths = np.diff(right.indptr)[left.indices]  # work of each entry of the left
    work = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])[left.indptr]
    n_blocks = max(1, int(work[-1]) // _BLOCK_WORK)
    bounds = np.unique(np.searchsorted(work, np.linspace(0, work[-1], n_blocks + 1)))
    bounds[-1] = left.shape[0]
    blocks = [
        strongest(left[first:last] @ right, first, neighbours)
        for first, last in pairwise([0, *bounds[bounds > 0].tolist()])
    ]
    return stacked(blocks)
