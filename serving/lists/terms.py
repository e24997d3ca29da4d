"""What each like, each feature and the rest give to scores: sums that add up to these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.feature_sums import ComposedFactors, FeatureParts, ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from serving.answers.base import ListKind
from serving.lists.scoring import Likes, own_scores, side_spread, sides_of
from serving.snapshot import Lists, VisitorPart

__all__ = [
    "Exact",
    "Terms",
    "adds_up",
    "composed_terms",
    "list_terms",
    "part_terms",
    "similar_terms",
]

_RELATIVE: Final = 1e-3
_ABSOLUTE: Final = 1e-4

Exact = NDArray[np.float64]
Idxs = NDArray[np.int32]
_NO_FEATURES: Final = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Terms:
    """What gives what to the scores of some targets.

    Attributes
    ----------
    likes : what is liked.
    of_likes : shape (len(likes), n_targets).
    features : positions of features; one may stand there twice.
    of_features : shape (len(features), n_targets).
    rest : shape (n_targets,): what neither a like nor a feature gives.
    """

    likes: Likes
    of_likes: Exact
    features: NDArray[np.integer]
    of_features: Exact
    rest: Exact

    @classmethod
    def by_likes(cls, likes: Likes, terms: NDArray[np.floating]) -> Terms:
        """Terms of likes alone."""
        n_targets = terms.shape[1]
        exact = terms.astype(np.float64)
        return cls(likes, exact, _NO_FEATURES, np.zeros((0, n_targets)), np.zeros(n_targets))

    @classmethod
    def by_features(cls, likes: Likes, parts: FeatureParts) -> Terms:
        """Terms of features and the rest; a profile is not told like by like."""
        silent = np.zeros((len(likes.item_idxs), len(parts.rest)))
        return cls(likes, silent, parts.features, parts.parts, parts.rest)

    @property
    def total(self) -> Exact:
        """Sums, shape (n_targets,)."""
        return np.asarray(self.of_likes.sum(axis=0) + self.of_features.sum(axis=0) + self.rest)


def adds_up(terms: Terms, scores: NDArray[np.float32]) -> bool:
    """Whether the terms of each target are its score, as far as float32 holds."""
    largest = float(np.abs(scores).max(initial=0))
    return bool(np.allclose(terms.total, scores, _RELATIVE, _ABSOLUTE * largest))


def part_terms(parts: Sequence[VisitorPart], likes: Likes, targets: Idxs) -> Terms:
    """Terms of the scores of `part_scores`."""
    if len(parts) == 1:
        return _own_terms(parts[0].scorer, likes, targets)
    said = [
        _deviations(part, likes, targets, scale)
        for side in sides_of(parts)
        for scale in [_side_scale(side, likes, targets)]
        for part in side
    ]
    return Terms(
        likes,
        np.sum([one.of_likes for one in said], axis=0),
        np.concatenate([one.features for one in said]),
        np.concatenate([one.of_features for one in said]),
        np.sum([one.rest for one in said], axis=0),
    )


def _own_terms(
    scorer: ItemWeights | ItemVectors | ItemFactors, likes: Likes, targets: Idxs
) -> Terms:
    given = scorer.parts(likes.item_idxs, likes.weights, targets)
    if isinstance(given, FeatureParts):
        return Terms.by_features(likes, given)
    return Terms.by_likes(likes, given)


def _side_scale(side: Sequence[VisitorPart], likes: Likes, targets: Idxs) -> Exact:
    """What the weighted z-scores of parts are multiplied with, shape (n_targets,)."""
    shares = side[0].shares
    if shares is None:
        return np.ones(len(targets))
    if len(side) == 1:
        return shares[targets].astype(np.float64) / side[0].weight
    spread = side_spread(side, likes, side[0].scorer.n_items)
    return shares[targets].astype(np.float64) * (1 / spread if spread else 0.0)


def _deviations(part: VisitorPart, likes: Likes, targets: Idxs, scale: Exact) -> Terms:
    """Terms of the weighted z-scores of one part, times a scale; none for what it cannot list.

    What a like gives on average is taken from what it gives to a target.  A feature that the
    target has not would be told so, too: that mean is part of the rest.
    """
    scores = own_scores(part, likes)
    terms = _own_terms(part.scorer, likes, targets)
    spread = float(np.std(scores, dtype=np.float64))
    weight = part.weight / spread if spread else 0.0
    scale = np.where(np.isin(targets, part.listable), weight * scale, 0)
    if isinstance(part.scorer, ItemVectors):
        mean = float(np.mean(scores, dtype=np.float64)) if len(scores) else 0.0
        of_features, rest = terms.of_features * scale, (terms.rest - mean) * scale
        return replace(terms, of_features=of_features, rest=rest)
    means = part.scorer.mean_parts(likes.item_idxs, likes.weights, part.listable)
    return replace(terms, of_likes=(terms.of_likes - means[:, None]) * scale)


def similar_terms(part: VisitorPart, item_idx: int, targets: Idxs) -> Terms:
    """Terms of a part's list beside an item: its row of weights, or a cosine of vectors."""
    likes = Likes.of(np.array([item_idx]))
    if isinstance(part.scorer, ItemVectors):
        return Terms.by_features(likes, part.scorer.similar_parts(item_idx, targets))
    return _own_terms(part.scorer, likes, targets)


def composed_terms(factors: ComposedFactors, kind: ListKind, row: int, targets: Idxs) -> Terms:
    """Terms of a list for a person or beside an item, by factors of features."""
    told = factors.similar_parts if kind == "similar" else factors.user_parts
    return Terms.by_features(Likes.of(np.empty(0, np.int32)), told(row, targets))


def list_terms(lists: Lists, likes: Likes, targets: Idxs, n_items: int) -> Terms:
    """What the list of each liked item gives to each target."""
    terms = np.zeros((len(likes.item_idxs), len(targets)))
    row = np.zeros(n_items)
    for place, idx in enumerate(likes.item_idxs.tolist()):
        item_idxs, own = lists.top(idx)
        row[item_idxs] = own
        terms[place] = row[targets] * likes.weights[place]
        row[item_idxs] = 0
    return Terms.by_likes(likes, terms)
