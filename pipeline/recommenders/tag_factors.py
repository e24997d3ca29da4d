"""Item factors foretold from tags: a weighted ridge on the factors of iALS.

With Z the coordinates of items in a space of tags, Q the item factors of implicit ALS and D
the trust in each of them, n / (n + damping) of an item with n likes,

    factors of any item c = z_c (Z'DZ + lambda I)^-1 Z'D Q

and users keep their own (Gantner, Drumond, Freudenthaler, Rendle & Schmidt-Thieme 2010,
Learning attribute-to-feature mappings for cold-start recommendations, section 4, with a ridge
in place of gradient descent).  It reaches cold items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self, cast

import numpy as np
from scipy.linalg import cho_solve

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.recommenders.base import Fitted, FloatArray, Recommender, ranged
from pipeline.recommenders.factors import UnbiasedFitted
from pipeline.recommenders.ials import Ials, IalsFitted
from pipeline.recommenders.tag_space import Space, TagSpace, pivoted_cholesky, too_wide
from pipeline.recommenders.tag_vectors import no_features

__all__ = ["TagFactors", "TagFactorsFitted"]

_COLLABORATIVE: Final = "collaborative"


@dataclass(frozen=True, eq=False)
class TagFactorsFitted(UnbiasedFitted):
    """Users by what they like, items by their tags, in the same factors."""


@dataclass(frozen=True)
class TagFactors(Recommender):
    """Foretells the factors of items from their tags.

    Attributes
    ----------
    collaborative : the model whose factors are foretold.
    """

    name: ClassVar[str] = "tag_factors"
    label: ClassVar[str] = "Taste read from tags"
    sentence: ClassVar[str] = "Guesses from the tags of a new thing who will like it."
    fitted: ClassVar[type[Fitted]] = TagFactorsFitted

    regularization: float = ranged(
        1.0, 1e-4, 1e6, "Strength of the ridge.", search=(0.01, 1000), log=True
    )
    damping: float = ranged(
        3.0, 0.0, 1e5, "Likes at which factors are half trusted.", search=(0.1, 100), log=True
    )
    power: int = ranged(3, 1, 12, "Power of the kernel of tags; 1 is linear.", search=(1, 6))
    idf_power: float = ranged(0.5, 0.0, 4.0, "Weight of rare tags.", search=(0.0, 1.5))
    flatness: float = ranged(
        0.2, 0.0, 1.0, "How far the number of tags is divided out.", search=(0.0, 1.0)
    )
    landmarks: int = ranged(3000, 1, 20_000, "Most items that the kernel is taken to.")
    collaborative: Ials = field(default_factory=Ials)

    @property
    def space(self) -> Space:
        """The space in which the ridge is solved."""
        return Space(self.idf_power, self.flatness, self.power, self.landmarks)

    @property
    def within(self) -> tuple[Recommender, ...]:
        """Settings of iALS."""
        return (self.collaborative,)

    @property
    def described(self) -> dict[str, Any]:
        """Parameters, and those of iALS."""
        return {**self.parameters, _COLLABORATIVE: self.collaborative.described}

    @classmethod
    def from_described(cls, described: Mapping[str, Any]) -> Self:
        """The settings that `described` tells of."""
        numbers = dict(described)
        ials = Ials.from_described(numbers.pop(_COLLABORATIVE))
        return cls(**numbers, collaborative=ials)

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:
        """No features, a space that takes more than 2 GB, or what iALS refuses."""
        return (
            no_features(self.name, dataset)
            or too_wide(self.name, self.space, dataset)
            or self.collaborative.refusal(dataset, in_tuner=in_tuner)
        )

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of iALS, which is fitted once for all settings, of the ridge and its space."""
        space_s = 0.0 if self.space.is_kept(dataset) else self.space.seconds(dataset)
        return space_s + self.space.ridge_seconds(dataset) + self.ials_s(dataset)

    def ials_s(self, dataset: Dataset) -> float:
        """Seconds of iALS, everybody's solve included."""
        ials = self.collaborative
        effort = ials.effort + ials.effort_of_users
        return effort / ials.path()[0].effort * ials.first_fit_s(dataset)

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> TagFactorsFitted:
        """Fit iALS, once a data set, and foretell its item factors.

        Raises
        ------
        FitError : no features, a space that takes more than 2 GB, or what iALS refuses.
        """
        if reason := self.refusal(dataset):
            raise FitError(reason)
        fitted = self.collaborative.fit_once(dataset, seed=seed, threads=threads)
        ials = cast("IalsFitted", fitted)
        space = self.space.of(dataset, seed)
        counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
        trust = np.divide(
            counts, counts + self.damping, where=counts > 0, out=np.zeros(len(counts))
        )
        known = space.described if space.rank else np.empty(0, np.int32)
        return TagFactorsFitted(
            user_factors=ials.user_factors,
            user_biases=np.zeros(dataset.n_users, np.float32),
            item_factors=self._foretold(space, ials, trust),
            item_biases=np.zeros(dataset.n_items, np.float32),
            learned=known,
        )

    def _foretold(self, space: TagSpace, ials: IalsFitted, trust: FloatArray) -> FloatArray:
        """Factors of every item, shape (n_items, factors)."""
        if not space.rank:
            return np.zeros_like(ials.item_factors)
        trusted = space.coordinates * trust.astype(np.float32)[:, None]
        system = (space.coordinates.T @ trusted).astype(np.float64)  # (rank, rank)
        system[np.diag_indices_from(system)] += self.regularization
        wanted = trusted.T @ ials.item_factors
        kept, lower = pivoted_cholesky(system)
        weights = np.zeros(wanted.shape, np.float32)
        weights[kept] = cho_solve((lower, True), wanted[kept].astype(np.float64))
        return np.asarray(space.coordinates @ weights, np.float32)
