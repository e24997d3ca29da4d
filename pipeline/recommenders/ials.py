"""Implicit alternating least squares with frequency-scaled regularization.

Minimises over user factors p and item factors q (Rendle, Krichene, Zhang & Koren 2021,
Revisiting the Performance of iALS on Item Recommendation Benchmarks, equations 1 to 3; the
loss is that of Hu, Koren & Volinsky 2008)

    sum over likes of w (p.q - 1)^2 + alpha0 sum over all pairs of (p.q)^2
    + regularization (sum over users of (n_u + alpha0 n_items)^nu |p|^2
                      + sum over items of (n_i + alpha0 n_users)^nu |q|^2)

by conjugate gradients (Takács, Pilászy & Tikk 2011), in irspack's C++.  At the end every user
is solved exactly against the frozen item factors, which is what `fold_in` does for a visitor.

One thread gives the same bytes for the same seed; more add up in another order.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.matrix import Dataset
from pipeline.fold_in import ItemFactors
from pipeline.recommenders.base import Arrays, Fitted, IntArray, Recommender, ranged
from pipeline.recommenders.factors import FactorsFitted, UnbiasedFitted

__all__ = ["Ials", "IalsFitted"]

_CHECKPOINTS: Final = (2, 3, 5, 7, 10, 14, 20, 28, 40, 60, 100)
_STARTS: Final = ((0.05, 2.5), (0.15, 4.5), (0.01, 2.5))  # alpha0 and strength
_CG_STEPS: Final = 3
_SOLVE: Final = 3.0  # iterations that everybody's exact solve takes: 2 to 5, by factors
_INIT_STD: Final = 0.1
_LIKE_S: Final = 2e-9  # one factor of one like, one iteration
_PAIR_S: Final = 3e-10  # one pair of factors of one user or item, one iteration
_FOLD_IN: Final = ("alpha0", "regularization", "nu")


@dataclass(frozen=True, eq=False)
class IalsFitted(UnbiasedFitted):
    """Factors without biases, and what the solve for a new user takes.

    Attributes
    ----------
    alpha0, regularization, nu : as they were fitted.
    """

    alpha0: float
    regularization: float
    nu: float

    def published_factors(self) -> ItemFactors:
        """The factors, with what a visitor's solve takes."""
        return ItemFactors(self.item_factors, self.alpha0, self.regularization, self.nu)

    def to_arrays(self) -> Arrays:
        """Factors and the three numbers."""
        numbers = {name: np.asarray(getattr(self, name), np.float64) for name in _FOLD_IN}
        return {**super().to_arrays(), **numbers}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        factors = FactorsFitted.from_arrays(arrays)
        alpha0, regularization, nu = (float(arrays[name]) for name in _FOLD_IN)
        return cls(**vars(factors), alpha0=alpha0, regularization=regularization, nu=nu)


@dataclass(frozen=True)
class Ials(Recommender):
    """Least squares on all pairs, the missing ones with a small weight."""

    name: ClassVar[str] = "ials"
    label: ClassVar[str] = "Hidden tastes"
    sentence: ClassVar[str] = (
        "Finds kinds of things from likes alone, without a look at names or tags."
    )
    fitted: ClassVar[type[Fitted]] = IalsFitted

    factors: int = ranged(
        128, 1, 2048, "Numbers that describe a user or an item.", search=(32, 256), log=True
    )
    iterations: int = ranged(20, 1, 500, "Passes over all likes.")
    alpha0: float = ranged(
        0.05, 1e-6, 10.0, "Weight of a pair without a like.", search=(0.001, 1.0), log=True
    )
    regularization: float = ranged(  # searched by its strength, see `at`
        0.005, 1e-6, 10.0, "Weight of regularization.", search=(0.5, 10.0), log=True
    )
    nu: float = ranged(1.0, 0.0, 2.0, "How regularization grows with the number of likes.")

    @property
    def effort(self) -> float:
        """Iterations, each of as much work as factors ask for."""
        return self.iterations * float(np.power(self.factors, 1.5))

    @property
    def effort_of_users(self) -> float:
        """The exact solve of everybody at the end."""
        return _SOLVE * float(np.power(self.factors, 1.5))

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of the first look on one core."""
        likes_s = _LIKE_S * self.factors * dataset.user_items.nnz
        others_s = _PAIR_S * self.factors**2 * (dataset.n_users + dataset.n_items)
        return self.path()[0].iterations * (likes_s + others_s)

    def starts(self, dataset: Dataset) -> tuple[Self, ...]:
        """Between dense and sparse likes, then for each of them (docs/decisions/0032)."""
        return tuple(
            self.at({"alpha0": alpha0, "regularization": strength}, dataset)
            for alpha0, strength in _STARTS
        )

    def coordinates(self, dataset: Dataset) -> dict[str, float]:
        """As they are, but for the regularization: its strength, see `at`."""
        strength = self.regularization * self.alpha0 * _breadth(dataset)
        return {**super().coordinates(dataset), "regularization": strength}

    def at(self, coordinates: Mapping[str, float], dataset: Dataset) -> Self:
        """These settings at a place where regularization is given by its strength.

        That is ``regularization alpha0 sqrt(n_users n_items)``, what it weighs for who has next
        to no likes.  The best one hardly depends on the data set or on alpha0.
        """
        others = dict(coordinates)
        strength = others.pop("regularization", None)
        moved = super().at(others, dataset)
        if strength is None:
            return moved
        allowed = self.search_space()["regularization"].metadata
        given = strength / (moved.alpha0 * _breadth(dataset))
        return replace(moved, regularization=min(max(given, allowed["low"]), allowed["high"]))

    def path(self) -> tuple[Self, ...]:
        """The numbers of iterations at which a fit is looked at."""
        passed = [mark for mark in _CHECKPOINTS if mark < self.iterations]
        return tuple(replace(self, iterations=mark) for mark in (*passed, self.iterations))

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> IalsFitted:
        """Fit from scratch; deterministic with one thread only."""
        steps = self._fit_steps(dataset, None, (self.iterations,), seed=seed, threads=threads)
        return next(iter(steps))

    def fit_path(
        self,
        dataset: Dataset,
        *,
        users: IntArray | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> Iterator[IalsFitted]:
        """One fit, looked at on its way; each look equals a fit of so many iterations.

        For `users` alone everybody's exact solve at each look is saved, which takes as long as
        two to five iterations.
        """
        marks = tuple(settings.iterations for settings in self.path())
        return self._fit_steps(dataset, users, marks, seed=seed, threads=threads)

    def _fit_steps(
        self,
        dataset: Dataset,
        users: IntArray | None,
        marks: tuple[int, ...],
        *,
        seed: int,
        threads: int,
    ) -> Iterator[IalsFitted]:
        likes = dataset.user_items
        if not likes.nnz:
            for _ in marks:
                yield self._fitted(dataset, *self._zeros(dataset))
            return
        core = _core()
        trainer = core.IALSTrainer(self._config(core, seed), likes)
        step, solve = (
            _solver(core, kind, threads) for kind in (core.SolverType.CG, core.SolverType.CHOLESKY)
        )
        done = 0
        for mark in marks:
            for _ in range(mark - done):
                trainer.step(step)
            done = mark
            if users is None:
                user_factors = trainer.transform_user(likes, solve)
            else:
                user_factors, _ = self._zeros(dataset)
                user_factors[users] = trainer.transform_user(likes[users], solve)
            yield self._fitted(dataset, user_factors, trainer.item.copy())

    def _config(self, core: Any, seed: int) -> Any:  # noqa: ANN401  irspack's core is untyped
        builder = core.IALSModelConfigBuilder().set_K(self.factors).set_init_stdev(_INIT_STD)
        builder = builder.set_alpha0(self.alpha0).set_reg(self.regularization).set_nu(self.nu)
        return builder.set_loss_type(core.LossType.IALSPP).set_random_seed(seed).build()

    def _zeros(self, dataset: Dataset) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        users = np.zeros((dataset.n_users, self.factors), np.float32)
        return users, np.zeros((dataset.n_items, self.factors), np.float32)

    def _fitted(
        self,
        dataset: Dataset,
        user_factors: NDArray[np.float32],
        item_factors: NDArray[np.float32],
    ) -> IalsFitted:
        liked = np.bincount(dataset.user_items.indices, minlength=dataset.n_items) > 0
        return IalsFitted(
            user_factors=user_factors,
            user_biases=np.zeros(dataset.n_users, np.float32),
            item_factors=np.where(liked[:, None], item_factors, np.float32(0)),
            item_biases=np.zeros(dataset.n_items, np.float32),
            learned=np.flatnonzero(liked).astype(np.int32),
            alpha0=self.alpha0,
            regularization=self.regularization,
            nu=self.nu,
        )


def _breadth(dataset: Dataset) -> float:
    return math.sqrt(max(dataset.n_users * dataset.n_items, 1))


def _core() -> Any:  # noqa: ANN401  irspack's core is untyped
    """Irspack's compiled trainer; its own loop prints a progress bar, the core does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a deprecated form of pydantic, at import
        from irspack.recommenders import _ials_core  # noqa: PLC0415  2 s, for this model alone

    return _ials_core


def _solver(core: Any, kind: Any, threads: int) -> Any:  # noqa: ANN401  irspack's core is untyped
    builder = core.IALSSolverConfigBuilder().set_n_threads(threads).set_solver_type(kind)
    return builder.set_max_cg_steps(_CG_STEPS).set_ialspp_iteration(1).build()
