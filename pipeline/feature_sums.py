"""Door 2: scores that are sums over the features of an item: tags, categories, creators.

Two kinds of model know an item so: by a sparse vector, against the sum of the vectors that a
visitor likes, and by factors that are composed of those of its features and of its own.  Both
tell what each feature gives to a score; what neither a like nor a feature gives is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.rows import Positions, entries

__all__ = ["ComposedFactors", "FeatureParts", "ItemVectors"]

FloatArray = NDArray[np.float32]
Exact = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FeatureParts:
    """What features give to the scores of some targets.

    Attributes
    ----------
    features : positions of the features that give anything, ascending.
    parts : shape (len(features), n_targets); 0 where a target has not the feature.
    rest : shape (n_targets,): what no feature gives; with it a column adds up to the score.
    """

    features: Positions
    parts: Exact
    rest: Exact


@dataclass(frozen=True, eq=False)
class ItemVectors:
    """Items as vectors of weighted features, the rows of a CSR matrix V.

    The profile of a visitor is ``sum_i w_i l_i v_i``, scaled to length 1; the score of an item
    is its product with the item's vector.

    Attributes
    ----------
    indptr : shape (n_items + 1,).
    features : position of the feature of each weight.
    weights : float32, as many.
    like_weights : float32, shape (n_items,), above 0: l, what a like of each item counts.
    n_features : columns of V.
    """

    indptr: Positions
    features: Positions
    weights: FloatArray
    like_weights: FloatArray
    n_features: int

    @property
    def n_items(self) -> int:
        """Rows of V."""
        return len(self.indptr) - 1

    @property
    def described(self) -> NDArray[np.int32]:
        """Items with a feature, ascending."""
        return np.flatnonzero(np.diff(self.indptr)).astype(np.int32)

    def profile(self, item_idxs: Positions, weights: FloatArray) -> Exact:
        """Weight of each feature for a visitor, shape (n_features,): of length 1, or zeros."""
        places, rows = _entries(self.indptr, item_idxs)
        likes = weights.astype(np.float64) * self.like_weights[item_idxs]
        sums = np.bincount(
            self.features[places], self.weights[places] * likes[rows], self.n_features
        )
        length = float(np.sqrt(sums @ sums))
        return np.asarray(sums / (length or 1.0), np.float64)

    def scores(self, indptr: Positions, item_idxs: Positions, weights: FloatArray) -> FloatArray:
        """Score of each visitor for all items, shape (n_visitors, n_items), fresh.

        Parameters
        ----------
        indptr, item_idxs, weights : visitors x items, CSR.
        """
        scores = np.zeros((len(indptr) - 1, self.n_items), np.float32)
        items = self.described
        if not len(items):
            return scores
        for row, (start, stop) in enumerate(pairwise(indptr.tolist())):
            profile = self.profile(item_idxs[start:stop], weights[start:stop])
            given = self.weights * profile[self.features]
            scores[row, items] = np.add.reduceat(given, self.indptr[items])
        return scores

    def parts(
        self, item_idxs: Positions, weights: FloatArray, target_idxs: Positions
    ) -> FeatureParts:
        """What each feature that profile and target share gives to the target's score."""
        profile = self.profile(item_idxs, weights)
        places, rows = _entries(self.indptr, target_idxs)
        values = self.weights[places] * profile[self.features[places]]
        return _told(self.features[places], rows, values, np.zeros(len(target_idxs)))

    def similar_parts(self, item_idx: int, target_idxs: Positions) -> FeatureParts:
        """What each shared feature gives to the cosine of an item and each target."""
        profile = self.profile(np.array([item_idx]), np.ones(1, np.float32))
        places, rows = _entries(self.indptr, target_idxs)
        own = self.weights[places].astype(np.float64)
        lengths = np.sqrt(np.bincount(rows, own**2, len(target_idxs)))
        values = own / lengths[rows] * profile[self.features[places]]
        return _told(self.features[places], rows, values, np.zeros(len(target_idxs)))


@dataclass(frozen=True, eq=False)
class ComposedFactors:
    """Factors of people, of features and of items themselves; biases stand in the last column.

    With o the own factors of an item j and e those of its features, weighted by r, the factors
    of the item are ``q_j = o_j + sum_f r_jf e_f``, and so is its bias; the score for a person is
    ``p . q_j`` and both biases (Kula 2015, Metadata embeddings for user and item cold-start
    recommendations, section 3).

    Attributes
    ----------
    indptr, features, weights : r, as the three arrays of a CSR matrix of n_items rows.
    feature_factors : float32, shape (n_features, factors + 1).
    own_factors : float32, shape (n_items, factors + 1); zeros where nothing was learned of it.
    user_factors : float32, shape (n_users, factors + 1).
    """

    indptr: Positions
    features: Positions
    weights: FloatArray
    feature_factors: FloatArray
    own_factors: FloatArray
    user_factors: FloatArray

    @property
    def n_items(self) -> int:
        """Items that have a row."""
        return len(self.indptr) - 1

    def user_parts(self, user: int, target_idxs: Positions) -> FeatureParts:
        """What each feature of a target gives to its score for a person, and the rest.

        The rest is what was learned of the item itself, and the person's bias.
        """
        person = self.user_factors[user].astype(np.float64)
        bias, person[-1] = person[-1], 1.0
        places, rows = _entries(self.indptr, target_idxs)
        values = self.weights[places] * (self.feature_factors[self.features[places]] @ person)
        rest = self.own_factors[target_idxs] @ person + bias
        return _told(self.features[places], rows, values, rest)

    def similar_parts(self, item_idx: int, target_idxs: Positions) -> FeatureParts:
        """What each feature of a target gives to the cosine of an item and it, and the rest.

        Biases have no part in it.
        """
        subject = self._item_factors(np.array([item_idx]))[0]
        lengths = np.linalg.norm(self._item_factors(target_idxs), axis=1)
        scale = 1 / np.maximum(lengths * np.linalg.norm(subject), np.finfo(np.float32).tiny)
        places, rows = _entries(self.indptr, target_idxs)
        said = self.feature_factors[self.features[places], :-1] @ subject
        rest = (self.own_factors[target_idxs, :-1] @ subject) * scale
        return _told(self.features[places], rows, self.weights[places] * said * scale[rows], rest)

    def _item_factors(self, items: Positions) -> Exact:
        """Factors without the bias, shape (len(items), factors)."""
        places, rows = _entries(self.indptr, items)
        factors = self.own_factors[items, :-1].astype(np.float64)
        given = self.feature_factors[self.features[places], :-1] * self.weights[places, None]
        filled, first = np.unique(rows, return_index=True)
        if len(filled):
            factors[filled] += np.add.reduceat(given, first, axis=0, dtype=np.float64)
        return factors


def _entries(indptr: Positions, items: Positions) -> tuple[Positions, Positions]:
    """Places of the entries of these rows, one after the other, and the row of each."""
    places, lengths = entries(indptr, items)
    return places, np.repeat(np.arange(len(items)), lengths)


def _told(features: Positions, rows: Positions, values: Exact, rest: Exact) -> FeatureParts:
    """Values of entries as a table of features and targets."""
    known, columns = np.unique(features, return_inverse=True)
    shape = (len(known), len(rest))
    flat = np.bincount(columns * len(rest) + rows, values, shape[0] * shape[1])
    parts = np.asarray(flat, np.float64).reshape(shape)
    speaks = parts.any(axis=1)
    return FeatureParts(known[speaks], parts[speaks], np.asarray(rest, np.float64))
