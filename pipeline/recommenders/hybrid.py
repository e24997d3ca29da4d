"""What people like where many do, and what tags say where few have yet been asked.

With n_j the likes of item j, z the scores in standard deviations of a user's own, and
new(n) = 2^(-n / half_life) the share of novelty that n likes leave,

    score(u, j) = (1 - new(n_j)) z_collaborative(u, j)
                  + (warm + (cold - warm) new(n_j)) z(sum over content models of w z_model(u, j))

It is the weighted hybrid of Burke 2002 (Hybrid recommender systems: survey and experiments,
section 4.1) with weights that depend on what is known of the item.  An item without a like has
the content models alone; with ``warm`` 0 much liked items keep the order of the collaborative
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

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
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.nested import packed, unpacked
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.recommenders.tag_vectors import no_features
from pipeline.recommenders.topk import Lists, ScoreRows, empty_lists

__all__ = ["CONTENT", "Hybrid", "HybridFitted", "content_scores", "novelty"]

CONTENT: Final[tuple[type[Recommender], ...]] = (TagProfile, TagFactors, TagKernel)
"""Content models that a hybrid may have, in order."""
_COLLABORATIVE: Final[tuple[type[Recommender], ...]] = (*BLENDED, Blend, LightfmCf, Popular)
_CLASSES: Final = {model.name: model.fitted for model in (*CONTENT, *_COLLABORATIVE)}
_NAMES: Final = "names"
_WEIGHTS: Final = "weights"
_COMPONENTS: Final = "components"
_CURVES: Final = ("trust", "share")


@dataclass(frozen=True, eq=False)
class HybridFitted(Fitted):
    """A collaborative model, content models, and where which of them speaks.

    Attributes
    ----------
    collaborative : knows the items with likes.
    content : know the items with features, the heaviest first; may be empty.
    weights : of the content models, above 0.
    trust : float32, shape (n_items,): factor of the collaborative model.
    share : float32, shape (n_items,): factor of the content models together.
    names : of the collaborative model, then of the content models.
    """

    collaborative: Fitted
    content: tuple[Fitted, ...]
    weights: tuple[float, ...]
    trust: FloatArray
    share: FloatArray
    names: tuple[str, ...]

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return len(self.trust)

    @property
    def listable(self) -> IntArray:
        """Items that any of the models can recommend."""
        return _union([self.collaborative, *self.content], "listable")

    @property
    def subjects(self) -> IntArray:
        """Items of which any of the models knows similar ones."""
        return _union([self.collaborative, *self.content], "subjects")

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Sum of both sides; ``-inf`` where no model says anything."""
        by_likes = _said_by(self.collaborative)
        by_content = content_scores(self.content, self.weights, self.n_items)

        def score(chunk: IntArray) -> FloatArray:
            total = np.zeros((len(chunk), self.n_items), np.float32)
            speaks = np.zeros(total.shape, bool)
            known, said, heard = by_likes(chunk)
            total[:, known] = said * self.trust[known]
            speaks[:, known] = heard
            told, heard = by_content(chunk)
            total += told * self.share
            total[~(speaks | heard)] = -np.inf
            return total[:, item_idxs]

        return score

    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Lists of the first model that knows the item: by likes, else by tags."""
        found: Lists | None = None
        left = np.ones(len(item_idxs), bool)
        for model in (self.collaborative, *self.content):
            rows = np.flatnonzero(left & np.isin(item_idxs, model.subjects))
            own = model.item_lists(item_idxs[rows], k, candidates=candidates, threads=threads)
            if own is None:
                continue
            found = found or empty_lists(len(item_idxs), k)
            found.item_idxs[rows], found.scores[rows] = own.item_idxs, own.scores
            left[rows] = False
        return found

    def published_shares(self) -> tuple[FloatArray, FloatArray]:
        """The curves."""
        return self.trust, self.share

    def to_arrays(self) -> Arrays:
        """Names, weights and curves, and the arrays of every model."""
        models = zip(self.names, (self.collaborative, *self.content), strict=True)
        return {
            _NAMES: np.asarray(self.names),
            _WEIGHTS: np.asarray(self.weights, np.float64),
            **{name: getattr(self, name) for name in _CURVES},
            **packed(models),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        names = arrays[_NAMES].tolist()
        first, *others = unpacked(arrays, {name: _CLASSES[name] for name in names}).values()
        weights = tuple(arrays[_WEIGHTS].tolist())
        trust, share = (arrays[name] for name in _CURVES)
        return cls(first, tuple(others), weights, trust, share, tuple(names))


@dataclass(frozen=True)
class Hybrid(Recommender):
    """Likes where there are many, tags where there are few.

    Attributes
    ----------
    collaborative : settings of the model that learns from likes.
    content : settings of the content models; defaults for those that are not among them.
    """

    name: ClassVar[str] = "hybrid"
    label: ClassVar[str] = "Taste first, tags for the new"
    sentence: ClassVar[str] = "What people like, and for new things what their tags promise."
    fitted: ClassVar[type[Fitted]] = HybridFitted

    tag_profile: float = ranged(0.5, 0.0, 100.0, "Weight of tag_profile.")
    tag_factors: float = ranged(0.5, 0.0, 100.0, "Weight of tag_factors.")
    tag_kernel: float = ranged(1.0, 0.0, 100.0, "Weight of tag_kernel.")
    cold: float = ranged(0.5, 0.0, 100.0, "Weight of content for an item without likes.")
    warm: float = ranged(0.0, 0.0, 100.0, "Weight of content for an item with many likes.")
    half_life: float = ranged(1.0, 0.0, 1e6, "Likes that halve what is new of an item.")
    collaborative: Recommender = field(default_factory=ItemGraph)
    content: tuple[Recommender, ...] = ()

    @property
    def weighted(self) -> tuple[tuple[Recommender, float], ...]:
        """Settings and weight of each content model that weighs something, heaviest first."""
        given = {settings.name: settings for settings in self.content}
        pairs = [(given.get(one.name) or one(), getattr(self, one.name)) for one in CONTENT]
        return tuple(sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: -pair[1]))

    @property
    def within(self) -> tuple[Recommender, ...]:
        """Settings of the collaborative model and of the content models, heaviest first."""
        return (self.collaborative, *(settings for settings, _ in self.weighted))

    @property
    def visitor_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """Those of the collaborative model."""
        return self.collaborative.visitor_parts

    @property
    def content_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """The content models."""
        return self.weighted

    @property
    def described(self) -> dict[str, Any]:
        """Weights and curve, and the parameters of every model by name."""
        parts = {settings.name: settings.described for settings in self.within}
        return {**self.parameters, _COMPONENTS: parts}

    @classmethod
    def from_described(cls, described: Mapping[str, Any]) -> Self:
        """The settings that `described` tells of."""
        known = {model.name: model for model in (*CONTENT, *_COLLABORATIVE)}
        numbers = dict(described)
        parts = numbers.pop(_COMPONENTS)
        models = [known[name].from_described(own) for name, own in parts.items()]
        return cls(**numbers, collaborative=models[0], content=tuple(models[1:]))

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """No features, an unknown collaborative model, or what the first of its models says."""
        if self.collaborative.name not in _CLASSES:
            known = ", ".join(model.name for model in _COLLABORATIVE)
            return f"{self.name}: {self.collaborative.name} is none of its models: {known}"
        reasons = (model.refusal(dataset, in_tuner=in_tuner) for model in self.within)
        return no_features(self.name, dataset) or next((why for why in reasons if why), None)

    def first_fit_s(self, dataset: Dataset) -> float:
        """Sum over its models."""
        return sum(model.first_fit_s(dataset) for model in self.within)

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> HybridFitted:
        """Fit every model.

        Raises
        ------
        FitError : no features, or a model refuses the data set.
        """
        if reason := self.refusal(dataset):
            raise FitError(reason)
        fits = [model.fit_once(dataset, seed=seed, threads=threads) for model in self.within]
        return self.of(dataset, fits[0], fits[1:])

    def of(self, dataset: Dataset, collaborative: Fitted, content: list[Fitted]) -> HybridFitted:
        """The hybrid of fits that were made already, content models as in `weighted`."""
        counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
        new = novelty(counts, self.half_life)
        return HybridFitted(
            collaborative,
            tuple(content),
            tuple(weight for _, weight in self.weighted),
            trust=(1 - new).astype(np.float32),
            share=(self.warm + (self.cold - self.warm) * new).astype(np.float32),
            names=tuple(model.name for model in self.within),
        )


def novelty(like_counts: NDArray[np.integer], half_life: float) -> NDArray[np.float64]:
    """2^(-n / half_life): 1 without a like; 0 with one where the half life is 0."""
    if not half_life:
        return np.asarray(like_counts == 0, np.float64)
    return np.asarray(np.exp2(-like_counts / half_life), np.float64)


def content_scores(models: tuple[Fitted, ...], weights: tuple[float, ...], n_items: int) -> Any:  # noqa: ANN401
    """What content models say together.

    Returns
    -------
    A function of user positions that gives z-scores of the weighted sum of z-scores over the
    items with features, 0 elsewhere, shape (n_users, n_items), and where any of them speaks.
    """
    said_by = [_said_by(model) for model in models]
    described = _union(models, "listable")

    def score(chunk: IntArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        total = np.zeros((len(chunk), n_items), np.float32)
        speaks = np.zeros(total.shape, bool)
        for one, weight in zip(said_by, weights, strict=True):
            known, said, heard = one(chunk)
            total[:, known] += np.float32(weight) * said
            speaks[:, known] |= heard
        total[:, described] = z_scores(total[:, described])
        return total, speaks

    return score


def _said_by(model: Fitted) -> Any:  # noqa: ANN401
    known = model.listable
    scorer = model.user_scorer(known)

    def score(chunk: IntArray) -> tuple[IntArray, FloatArray, NDArray[np.bool_]]:
        scores = scorer(chunk)
        return known, z_scores(scores), np.isfinite(scores)

    return score


def _union(models: Any, name: str) -> IntArray:  # noqa: ANN401
    items = [getattr(model, name) for model in models]
    return np.unique(np.concatenate([np.empty(0, np.int32), *items])).astype(np.int32)
