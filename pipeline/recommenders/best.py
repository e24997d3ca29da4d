"""The model that won on validation, under a name that stays the same.

Who reads lists of ``best`` gets the winner of each refresh, whichever it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.matrix import Dataset
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.recommenders.base import (
    Arrays,
    Fitted,
    FloatArray,
    IntArray,
    PublishedFeatures,
    Recommender,
)
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.nested import packed, unpacked
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.recommenders.topk import Lists, ScoreRows

__all__ = ["CANDIDATES", "Best", "BestFitted"]

CANDIDATES: Final[tuple[type[Recommender], ...]] = (
    Popular,
    *BLENDED,
    Blend,
    LightfmCf,
    LightfmHybrid,
    TagProfile,
    TagFactors,
    TagKernel,
    Hybrid,
)
"""Algorithms that may win."""
_KNOWN: Final = {algorithm.name: algorithm for algorithm in CANDIDATES}
_WINNER: Final = "winner"


@dataclass(frozen=True, eq=False)
class BestFitted(Fitted):
    """The fitted winner, and its name."""

    winner: str
    fitted: Fitted

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return self.fitted.n_items

    @property
    def listable(self) -> IntArray:
        """Items that the winner can recommend."""
        return self.fitted.listable

    @property
    def subjects(self) -> IntArray:
        """Items of which the winner knows similar ones."""
        return self.fitted.subjects

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """What the winner says."""
        return self.fitted.user_scorer(item_idxs)

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """The winner's lists."""
        return self.fitted.item_lists(item_idxs, k, candidates=candidates, threads=threads)

    def published_weights(self) -> ItemWeights | None:
        """The winner's."""
        return self.fitted.published_weights()

    def published_factors(self) -> ItemFactors | None:
        """The winner's."""
        return self.fitted.published_factors()

    def published_features(self) -> PublishedFeatures | None:
        """The winner's."""
        return self.fitted.published_features()

    def published_shares(self) -> tuple[FloatArray, FloatArray] | None:
        """The winner's."""
        return self.fitted.published_shares()

    def to_arrays(self) -> Arrays:
        """The winner's name and arrays."""
        return {_WINNER: np.asarray(self.winner), **packed([(self.winner, self.fitted)])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        name = str(arrays[_WINNER])
        return cls(name, unpacked(arrays, {name: _KNOWN[name].fitted})[name])


@dataclass(frozen=True)
class Best(Recommender):
    """The winner of a choice (`pipeline.tuning`).

    Attributes
    ----------
    winner : its settings.
    """

    name: ClassVar[str] = "best"
    label: ClassVar[str] = "Best of all"
    sentence: ClassVar[str] = (
        "Whichever algorithm, when last tried, found the most of what people went on to like."
    )
    fitted: ClassVar[type[Fitted]] = BestFitted

    winner: Recommender = field(default_factory=ItemGraph)

    @property
    def within(self) -> tuple[Recommender, ...]:
        """Settings of the winner."""
        return (self.winner,)

    @property
    def visitor_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """The winner's."""
        return self.winner.visitor_parts

    @property
    def content_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """The winner's."""
        return self.winner.content_parts

    @property
    def described(self) -> dict[str, Any]:
        """Name and parameters of the winner."""
        return {_WINNER: self.winner.name, **self.winner.described}

    @classmethod
    def from_described(cls, described: Mapping[str, Any]) -> Self:
        """The settings that `described` tells of."""
        others = dict(described)
        return cls(_KNOWN[others.pop(_WINNER)].from_described(others))

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """What the winner says."""
        return self.winner.refusal(dataset, in_tuner=in_tuner)

    def first_fit_s(self, dataset: Dataset) -> float:
        """Of the winner."""
        return self.winner.first_fit_s(dataset)

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> BestFitted:
        """Fit the winner."""
        fitted = self.winner.fit_once(dataset, seed=seed, threads=threads)
        return BestFitted(self.winner.name, fitted)
