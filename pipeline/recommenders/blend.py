"""A sum of what several models say, each in standard deviations of a user's own scores.

    score(u, i) = sum over models of weight * (s(u, i) - mean_i s(u, i)) / sd_i s(u, i)

This is the weighted CombSUM of Fox & Shaw 1994 (Combination of multiple searches) on z-scores
(Montague & Aslam 2001, Relevance score normalization for metasearch).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.fold_in import z_scores
from pipeline.recommenders.base import (
    Arrays,
    Fitted,
    FloatArray,
    IntArray,
    Recommender,
    ranged,
)
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.nested import packed, unpacked
from pipeline.recommenders.spectral import Spectral
from pipeline.recommenders.topk import Lists, ScoreRows

__all__ = ["BLENDED", "Blend", "BlendFitted", "Part"]

BLENDED: Final[tuple[type[Recommender], ...]] = (ItemGraph, Ials, Spectral, Ease)
"""Algorithms that a blend may have, in order."""
_CLASSES: Final = {algorithm.name: algorithm.fitted for algorithm in BLENDED}
_NAMES: Final = "names"
_WEIGHTS: Final = "weights"
_COMPONENTS: Final = "components"


class Part(NamedTuple):
    """One model of a blend; weights are above 0."""

    name: str
    fitted: Fitted
    weight: float


@dataclass(frozen=True, eq=False)
class BlendFitted(Fitted):
    """Models that were fitted on one data set, and what each of them weighs.

    Attributes
    ----------
    parts : at least one, the heaviest first.
    """

    parts: tuple[Part, ...]

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return self.parts[0].fitted.n_items

    @property
    def listable(self) -> IntArray:
        """Items that any of the models can recommend."""
        return _union([part.fitted.listable for part in self.parts])

    @property
    def subjects(self) -> IntArray:
        """Items of which the heaviest model knows similar ones."""
        return self.parts[0].fitted.subjects

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Weighted sum of z-scores, each over the items that its model can recommend."""
        return _summed(self.parts, item_idxs)

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Lists of the heaviest model: similarities of several models are of no one scale."""
        heaviest = self.parts[0].fitted
        return heaviest.item_lists(item_idxs, k, candidates=candidates, threads=threads)

    def to_arrays(self) -> Arrays:
        """Names and weights, and the arrays of every model."""
        return {
            _NAMES: np.asarray([part.name for part in self.parts]),
            _WEIGHTS: np.asarray([part.weight for part in self.parts], np.float64),
            **packed((part.name, part.fitted) for part in self.parts),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        names, weights = arrays[_NAMES].tolist(), arrays[_WEIGHTS].tolist()
        found = unpacked(arrays, {name: _CLASSES[name] for name in names})
        return cls(tuple(map(Part, names, found.values(), weights)))


@dataclass(frozen=True)
class Blend(Recommender):
    """Sums the z-scores of models; a weight of 0 leaves a model out.

    Attributes
    ----------
    components : settings of the models; defaults for those that are not among them.
    """

    name: ClassVar[str] = "blend"
    label: ClassVar[str] = "All together"
    sentence: ClassVar[str] = (
        "Adds up what several algorithms say, in the mix that did best when it was tried out."
    )
    fitted: ClassVar[type[Fitted]] = BlendFitted

    item_graph: float = ranged(1.0, 0.0, 100.0, "Weight of item_graph.")
    ials: float = ranged(0.6, 0.0, 100.0, "Weight of ials.")
    spectral: float = ranged(0.0, 0.0, 100.0, "Weight of spectral.")
    ease: float = ranged(0.0, 0.0, 100.0, "Weight of ease.")
    components: tuple[Recommender, ...] = ()

    @classmethod
    def of(cls, weights: Mapping[str, float], components: Sequence[Recommender]) -> Self:
        """A blend of these settings alone; weights of other models are 0."""
        names = [settings.name for settings in components]
        kept = {name: float(weights.get(name, 0.0)) for name in names}
        others = {algorithm.name: 0.0 for algorithm in BLENDED}
        return cls(**{**others, **kept}, components=tuple(components))

    @property
    def within(self) -> tuple[Recommender, ...]:
        """Settings of the models that weigh something, the heaviest first."""
        return tuple(settings for settings, _ in self.parts)

    @property
    def described(self) -> dict[str, Any]:
        """Weights, and the parameters of each model that weighs something."""
        parts = {settings.name: settings.described for settings, _ in self.parts}
        return {**self.parameters, _COMPONENTS: parts}

    @classmethod
    def from_described(cls, described: Mapping[str, Any]) -> Self:
        """The settings that `described` tells of."""
        known = {algorithm.name: algorithm for algorithm in BLENDED}
        weights = dict(described)
        parts = weights.pop(_COMPONENTS, {})
        components = tuple(known[name].from_described(parts[name]) for name in parts)
        return cls(**weights, components=components)

    @property
    def parts(self) -> tuple[tuple[Recommender, float], ...]:
        """Settings and weight of each model that weighs something, the heaviest first."""
        given = {settings.name: settings for settings in self.components}
        weighted = [
            (given.get(algorithm.name) or algorithm(), getattr(self, algorithm.name))
            for algorithm in BLENDED
        ]
        return tuple(sorted((pair for pair in weighted if pair[1] > 0), key=lambda pair: -pair[1]))

    @property
    def visitor_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """The parts."""
        return self.parts

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """What the first of its models says that refuses."""
        if not self.parts:
            return "blend: no model has a weight above 0"
        reasons = (part.refusal(dataset, in_tuner=in_tuner) for part, _ in self.parts)
        return next((reason for reason in reasons if reason), None)

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> BlendFitted:
        """Fit every model that weighs something.

        Raises
        ------
        FitError : nothing weighs anything, or a model refuses the data set.
        """
        if reason := self.refusal(dataset):
            raise FitError(reason)
        return BlendFitted(
            tuple(
                Part(settings.name, settings.fit_once(dataset, seed=seed, threads=threads), weight)
                for settings, weight in self.parts
            )
        )


def _summed(parts: Sequence[Part], item_idxs: IntArray) -> ScoreRows:
    """Scorer of items that any of the models can recommend; a model adds 0 to the others."""
    scorers = []
    for part in parts:
        known = part.fitted.listable
        _, columns, of_model = np.intersect1d(item_idxs, known, return_indices=True)
        whole = len(of_model) == len(known) == len(item_idxs)
        places = None if whole else (columns, of_model)
        scorers.append((part.fitted.user_scorer(known), places, np.float32(part.weight)))

    def score(chunk: IntArray) -> FloatArray:
        total = np.zeros((len(chunk), len(item_idxs)), np.float32)
        for scorer, places, weight in scorers:
            said = z_scores(scorer(chunk))
            said *= weight
            if places is None:
                total += said
            else:
                total[:, places[0]] += said[:, places[1]]
        total[~total.any(axis=1)] = -np.inf  # nobody whose likes say nothing gets a list
        return total

    return score


def _union(items: Sequence[IntArray]) -> IntArray:
    return np.unique(np.concatenate(items)).astype(np.int32)
