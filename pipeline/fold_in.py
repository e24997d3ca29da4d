"""Door 2: scores of visitors whose likes no model was fitted on, and the parts of each score.

A visitor is a few item positions with weights; nothing is trained.  Models that know items by
weights between them (``x W``) and models that know them by factors (a ridge solve, as one half
step of alternating least squares) both answer here, in the pipeline's evaluation and in what
serves.  Batches of visitors come as the three arrays of a CSR matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.rows import Positions, entries, near_one, refuse_unknown

__all__ = ["ItemFactors", "ItemWeights", "z_scores"]

FloatArray = NDArray[np.float32]
_LEAST_SPREAD: Final = 1e-15


@dataclass(frozen=True, eq=False)
class ItemWeights:
    """Weights from item to item, as the three arrays of a CSR matrix W of n_items rows.

    Attributes
    ----------
    indptr : shape (n_items + 1,).
    indices : column of each weight: the item that it speaks for.
    weights : float32, as many.

    Raises
    ------
    ValueError : arrays that are no square CSR matrix.
    """

    indptr: Positions
    indices: Positions
    weights: FloatArray

    def __post_init__(self) -> None:
        if not len(self.indices) == len(self.weights) == self.indptr[-1]:
            raise ValueError(
                f"{len(self.indices)} columns and {len(self.weights)} weights do not fit "
                f"row pointers that end at {self.indptr[-1]}"
            )
        refuse_unknown(self.indices, self.n_items)

    @property
    def n_items(self) -> int:
        """Rows and columns of W."""
        return len(self.indptr) - 1

    def scores(self, indptr: Positions, item_idxs: Positions, weights: FloatArray) -> FloatArray:
        """Scores x W of each visitor for all items; 0 where none of the likes speaks for one.

        Parameters
        ----------
        indptr, item_idxs, weights : visitors x items, CSR.

        Returns
        -------
        shape (n_visitors, n_items), fresh; summed in float64.
        """
        scores = np.empty((len(indptr) - 1, self.n_items), np.float32)
        for row, liked in enumerate(_slices(indptr)):
            columns, _, terms = self._terms(item_idxs[liked], weights[liked])
            scores[row] = np.bincount(columns, terms, self.n_items)
        return scores

    def parts(
        self, item_idxs: Positions, weights: FloatArray, target_idxs: Positions
    ) -> FloatArray:
        """What each liked item gives to the score of each target: ``x_i W_it``.

        Returns
        -------
        shape (len(item_idxs), len(target_idxs)); a column adds up to the target's score.
        """
        refuse_unknown(target_idxs, self.n_items)
        targets, of_target = np.unique(target_idxs, return_inverse=True)
        columns, lengths, terms = self._terms(item_idxs, weights)
        rows = np.repeat(np.arange(len(item_idxs)), lengths)
        places = np.full(self.n_items, -1)
        places[targets] = np.arange(len(targets))
        kept = places[columns] >= 0
        cells = rows[kept] * len(targets) + places[columns[kept]]
        sums = np.bincount(cells, terms[kept], len(item_idxs) * len(targets))
        parts = sums.reshape(len(item_idxs), len(targets)).astype(np.float32)
        return parts[:, of_target]

    def mean_parts(
        self, item_idxs: Positions, weights: FloatArray, target_idxs: Positions
    ) -> NDArray[np.float64]:
        """Mean of `parts` over the targets, shape (len(item_idxs),); no target twice."""
        is_target = np.zeros(self.n_items)
        is_target[target_idxs] = 1
        columns, lengths, terms = self._terms(item_idxs, weights)
        rows = np.repeat(np.arange(len(item_idxs)), lengths)
        sums = np.bincount(rows, terms * is_target[columns], len(item_idxs))
        return np.asarray(sums / max(len(target_idxs), 1), np.float64)

    def _terms(
        self, items: Positions, weights: FloatArray
    ) -> tuple[Positions, Positions, FloatArray]:
        """Columns of these rows of W, how many each row has, and their weighted weights."""
        places, lengths = entries(self.indptr, items)
        return self.indices[places], lengths, self.weights[places] * np.repeat(weights, lengths)


@dataclass(frozen=True, eq=False)
class ItemFactors:
    """Item factors Q of an implicit ALS, frozen, with what its user half step needs.

    The factors of a visitor with likes i of weight w_i, n of them, solve

        (alpha0 Q'Q + sum_i w_i q_i q_i' + r I) p = sum_i w_i q_i
        r = regularization (n + alpha0 n_items)^nu

    and the score of an item is its product with p.

    Attributes
    ----------
    factors : float32, shape (n_items, factors); a row of zeros for an item without any.
    alpha0 : weight of all pairs of user and item, liked or not.
    regularization : at a frequency of 1.
    nu : how it grows with the frequency.

    References
    ----------
    Rendle, Krichene, Zhang & Koren 2021, Revisiting the performance of iALS on item
    recommendation benchmarks, equations 3 to 7.
    """

    factors: FloatArray
    alpha0: float
    regularization: float
    nu: float

    @property
    def n_items(self) -> int:
        """Items that have a row."""
        return len(self.factors)

    @cached_property
    def _shared(self) -> NDArray[np.float64]:
        exact = self.factors.astype(np.float64)
        shared: NDArray[np.float64] = self.alpha0 * (exact.T @ exact)
        return shared  # (factors, factors)

    def user_factors(
        self, indptr: Positions, item_idxs: Positions, weights: FloatArray
    ) -> FloatArray:
        """Factors of each visitor, shape (n_visitors, factors); zeros without a like.

        Parameters
        ----------
        indptr, item_idxs, weights : visitors x items, CSR.
        """
        refuse_unknown(item_idxs, self.n_items)
        found = np.zeros((len(indptr) - 1, self.factors.shape[1]), np.float32)
        for row, liked in enumerate(_slices(indptr)):
            if liked.stop > liked.start:
                rows, matrix = self._system(item_idxs[liked], weights[liked])
                found[row] = np.linalg.solve(matrix, weights[liked] @ rows)
        return found

    def scores(self, indptr: Positions, item_idxs: Positions, weights: FloatArray) -> FloatArray:
        """Score of each visitor for all items, shape (n_visitors, n_items), fresh.

        Parameters
        ----------
        indptr, item_idxs, weights : visitors x items, CSR.
        """
        scores: FloatArray = self.user_factors(indptr, item_idxs, weights) @ self.factors.T
        return scores

    def parts(
        self, item_idxs: Positions, weights: FloatArray, target_idxs: Positions
    ) -> FloatArray:
        """What each liked item gives to the score of each target: ``w_i q_i' A^-1 q_t``.

        Returns
        -------
        shape (len(item_idxs), len(target_idxs)); a column adds up to the target's score.

        References
        ----------
        Hu, Koren & Volinsky 2008, section 5, Explaining recommendations.
        """
        refuse_unknown(item_idxs, self.n_items)
        refuse_unknown(target_idxs, self.n_items)
        rows, matrix = self._system(item_idxs, weights)
        solved = np.linalg.solve(matrix, self.factors[target_idxs].T.astype(np.float64))
        return np.asarray((rows * weights[:, None]) @ solved, np.float32)

    def mean_parts(
        self, item_idxs: Positions, weights: FloatArray, target_idxs: Positions
    ) -> NDArray[np.float64]:
        """Mean of `parts` over the targets, shape (len(item_idxs),); no target twice."""
        refuse_unknown(item_idxs, self.n_items)
        refuse_unknown(target_idxs, self.n_items)
        rows, matrix = self._system(item_idxs, weights)
        target = self.factors[target_idxs].sum(axis=0, dtype=np.float64)
        solved = np.linalg.solve(matrix, target / max(len(target_idxs), 1))
        return np.asarray((rows * weights[:, None]) @ solved, np.float64)

    def _system(
        self, items: Positions, weights: FloatArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows of the liked items and the matrix of the equations, in float64."""
        rows = self.factors[items].astype(np.float64)  # (n, factors)
        matrix = self._shared + rows.T @ (rows * weights[:, None])
        frequency = len(items) + self.alpha0 * self.n_items
        matrix[np.diag_indices_from(matrix)] += self.regularization * frequency**self.nu
        return rows, matrix


def z_scores(scores: FloatArray) -> FloatArray:
    """Scores of each row less their mean, in standard deviations, over all columns.

    Parameters
    ----------
    scores : ``-inf`` (nothing speaks for the item) counts as 0.

    Returns
    -------
    float32, fresh; a row of equal scores becomes zeros.
    """
    z = np.where(np.isneginf(scores), np.float32(0), scores)
    if not z.shape[1]:
        return z
    with np.errstate(over="ignore", under="ignore"):
        z -= z.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        spread = np.sqrt(np.mean(np.square(z), axis=1, keepdims=True, dtype=np.float64))
        constant = np.ptp(z, axis=1, keepdims=True) == 0
    lost = ~constant & ((spread < _LEAST_SPREAD) | (spread > 1 / _LEAST_SPREAD))
    z *= np.where(constant, 0, 1 / np.where(constant | lost, 1, spread)).astype(np.float32)
    if lost.any():  # squares that float32 does not hold
        rows = np.flatnonzero(lost)
        z[rows] = z_scores(near_one(np.where(np.isneginf(scores[rows]), 0, scores[rows])))
    return z


def _slices(indptr: Positions) -> list[slice]:
    bounds = indptr.tolist()
    return [slice(start, stop) for start, stop in pairwise(bounds)]
