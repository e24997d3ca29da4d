"""Settings that are worth a trial: by the improvement that a Gaussian process expects of them.

A search begins with the settings that it was given and some that are spread over its space.  After
them a Gaussian process (Matérn 5/2, one length a parameter) is fitted to all scores, the lowest
raised, and of many places that with the highest expected improvement is next (Jones, Schonlau &
Welch 1998, Efficient global optimization of expensive black-box functions, equation 15; Snoek,
Larochelle & Adams 2012, Practical Bayesian optimization of machine learning algorithms).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial
from scipy.stats import norm, qmc
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

__all__ = ["GaussianProcessSampler", "SearchSpace"]

_SPREAD_TRIALS: Final = 6  # the given ones are among them
_ANYWHERE: Final = 1000
_NEAR: Final = ((500, 0.1), (500, 0.03))  # how many, and how far from the best
_LENGTHS: Final = (0.15, 0.8)  # of the unit cube; longer ones are seen in few scores by chance
_SCALES: Final = (0.1, 100.0)
_NOISE: Final = (1e-5, 0.1)
_APART: Final = 0.03  # of the unit cube: what is nearer to a trial is no other one
_DEPTH: Final = 2.0  # times the best's lead over the median: how far down scores are told apart

_Array = NDArray[np.float64]
_Numeric = FloatDistribution | IntDistribution
SearchSpace = Mapping[str, _Numeric]
"""Parameters of a search, each with its range."""


@dataclass(frozen=True, slots=True)
class _Cube:
    """A space as a unit cube, logarithms taken where its ranges say so."""

    space: SearchSpace

    def place(self, params: Mapping[str, Any]) -> list[float]:
        """Where settings lie, shape (n_params,), each from 0 to 1."""
        return [_share(of, params[name]) for name, of in self.space.items()]

    def settings(self, place: _Array) -> dict[str, float | int]:
        """The settings at a place, whole numbers where the range has such."""
        found = zip(self.space.items(), place.tolist(), strict=True)
        return {name: _value(of, share) for (name, of), share in found}


class GaussianProcessSampler(BaseSampler):
    """Proposes settings of numeric parameters for the highest score.

    Parameters
    ----------
    space : all that is searched; may be empty.
    seed : of the places; the same seed and scores give the same proposals.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._cube = _Cube(space)
        self._random, of_spread = np.random.default_rng(seed).spawn(2)
        self._spread = qmc.Halton(max(len(space), 1), rng=of_spread)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:  # noqa: ARG002
        """All parameters are proposed together."""
        return dict(self._cube.space)

    def sample_relative(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """The next settings, other than those before while there are others."""
        if not search_space:
            return {}
        over = [
            one
            for one in study.get_trials(deepcopy=False)
            if one.number != trial.number and one.state.is_finished()
        ]
        scored = [one.value for one in over if one.value is not None]
        if len(over) < _SPREAD_TRIALS or not scored:
            return self._spread_settings()
        worst = min(scored)  # and so is what failed
        scores = np.array([worst if one.value is None else one.value for one in over])
        return self._next(np.array([self._cube.place(one.params) for one in over]), scores)

    def sample_independent(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401  as in the base class
        """Never: no parameter stands by itself."""
        raise ValueError(f"{param_name} is no parameter of this search")

    def _spread_settings(self) -> dict[str, float | int]:
        return self._cube.settings(self._spread.random(1)[0])

    def _next(self, places: _Array, scores: _Array) -> dict[str, float | int]:
        """The settings with the highest expected improvement that were not tried yet."""
        best, top = places[int(scores.argmax())], scores.max()
        told_apart = np.maximum(scores, top - _DEPTH * (top - np.median(scores)))
        if not np.ptp(told_apart):
            return self._spread_settings()
        process = _fitted(places, (told_apart - told_apart.mean()) / told_apart.std())
        candidates = np.concatenate(
            [
                self._random.random((_ANYWHERE, len(best))),
                *(self._random.normal(best, far, (many, len(best))) for many, far in _NEAR),
            ]
        ).clip(0, 1)
        gain = _expected_improvement(process, candidates, float(process.predict(places).max()))
        for candidate in candidates[np.argsort(-gain, kind="stable")]:
            settings = self._cube.settings(candidate)
            if np.abs(places - self._cube.place(settings)).max(axis=1).min() > _APART:
                return settings
        return self._spread_settings()


def _fitted(places: _Array, scores: _Array) -> GaussianProcessRegressor:
    lengths = np.full(places.shape[1], 0.5)
    kernel = ConstantKernel(1.0, _SCALES) * Matern(lengths, _LENGTHS, nu=2.5)
    process = GaussianProcessRegressor(kernel + WhiteKernel(1e-3, _NOISE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is no fault
        return process.fit(places, scores)


def _expected_improvement(process: GaussianProcessRegressor, places: _Array, best: float) -> _Array:
    mean, deviation = process.predict(places, return_std=True)
    noise = float(process.kernel_.k2.noise_level)  # of a score, not of what is learned
    deviation = np.sqrt(np.maximum(np.square(deviation) - noise, 1e-12))
    steps = (mean - best) / deviation
    return np.asarray(deviation * (steps * norm.cdf(steps) + norm.pdf(steps)))


def _share(of: _Numeric, value: float) -> float:
    low, high, at = (math.log(x) if of.log else float(x) for x in (of.low, of.high, value))
    return (at - low) / (high - low) if high > low else 0.0


def _value(of: _Numeric, share: float) -> float | int:
    low, high = (math.log(x) if of.log else float(x) for x in (of.low, of.high))
    at = low + share * (high - low)
    value = min(max(math.exp(at) if of.log else at, of.low), of.high)
    return round(value) if isinstance(of, IntDistribution) else value
