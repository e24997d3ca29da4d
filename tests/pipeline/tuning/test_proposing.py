"""Proposals of settings: inside their ranges, repeatable, and near the best soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from pipeline.tuning.proposing import GaussianProcessSampler, SearchSpace

EXPONENTS: SearchSpace = {name: FloatDistribution(0.0, 1.2) for name in ("left", "user", "right")}
MIXED: SearchSpace = {
    "factors": IntDistribution(32, 256, log=True),
    "alpha0": FloatDistribution(0.001, 1.0, log=True),
    "depth": IntDistribution(1, 5),
    "fixed": FloatDistribution(0.5, 0.5),
}
Score = Callable[[Mapping[str, float]], float | None]


def ridge(settings: Mapping[str, float]) -> float:
    """Highest, 1, at (.65, .7, .3); left and right make up for each other, as in item_graph."""
    left, user, right = (settings[name] for name in ("left", "user", "right"))
    across = left - 0.65 + 2 * (right - 0.3)
    along = left - 0.65 - 2 * (right - 0.3)
    return 1 - across**2 - 0.1 * along**2 - 0.3 * (user - 0.7) ** 2


def asked(
    space: SearchSpace, score: Score, n: int, *, sampler: optuna.samplers.BaseSampler
) -> list[dict[str, float]]:
    """What was proposed one after the other; None is a failure."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    found = []
    for _ in range(n):
        trial = study.ask(dict(space))
        value = score(trial.params)
        study.tell(trial, value, state=TrialState.FAIL if value is None else None)
        found.append(dict(trial.params))
    return found


def proposed(space: SearchSpace, score: Score, n: int, *, seed: int = 0) -> list[dict[str, float]]:
    """What the sampler proposes."""
    return asked(space, score, n, sampler=GaussianProcessSampler(space, seed))


@pytest.mark.parametrize("seed", range(3))
def test_thirty_trials_are_nearer_to_the_best_than_three_hundred_by_chance(seed: int) -> None:
    ours = max(map(ridge, proposed(EXPONENTS, ridge, 30, seed=seed)))
    chance = max(map(ridge, asked(EXPONENTS, ridge, 300, sampler=RandomSampler(seed=seed))))
    assert 1 - ours < (1 - chance) / 2


def test_the_same_seed_and_scores_give_the_same_proposals() -> None:
    first, again = (proposed(EXPONENTS, ridge, 12, seed=3) for _ in range(2))
    assert first == again
    assert first != proposed(EXPONENTS, ridge, 12, seed=4)


STRENGTH: SearchSpace = {"regularization": FloatDistribution(1.0, 10_000.0, log=True)}


@pytest.mark.parametrize(
    ("space", "score"),
    [
        (EXPONENTS, ridge),
        (EXPONENTS, lambda settings: sum(settings.values())),
        (EXPONENTS, lambda settings: -sum(settings.values())),
        (STRENGTH, lambda settings: settings["regularization"]),
        (STRENGTH, lambda settings: -settings["regularization"]),
    ],
)
def test_nothing_is_proposed_twice_even_where_the_best_is_in_a_corner(
    space: SearchSpace, score: Score
) -> None:
    found = proposed(space, score, 20)
    assert len({tuple(settings.values()) for settings in found}) == 20


@pytest.mark.parametrize("seed", range(5))
def test_proposals_lie_within_their_ranges(seed: int) -> None:
    random = np.random.default_rng(seed)
    for settings in proposed(MIXED, lambda _: float(random.random()), 10, seed=seed):
        assert list(settings) == list(MIXED)
        for name, of in MIXED.items():
            assert of.low <= settings[name] <= of.high
            assert isinstance(settings[name], int if isinstance(of, IntDistribution) else float)


def test_ranges_by_logarithm_are_spread_by_it() -> None:
    found = [s["alpha0"] for s in proposed(MIXED, lambda _: 0.0, 60)]
    assert 0.3 < np.mean(np.array(found) < np.sqrt(0.001)) < 0.7


def test_where_trials_fail_few_others_are_made() -> None:
    found = proposed(EXPONENTS, lambda s: None if s["right"] > 0.6 else ridge(s), 30)
    after = [settings["right"] > 0.6 for settings in found[10:]]
    assert sum(after) <= 4


def test_scores_that_are_all_equal_and_failures_alone_are_spread() -> None:
    for score in (lambda _: 0.25, lambda _: 0.1, lambda _: None):
        found = proposed(EXPONENTS, score, 15)
        assert np.ptp([settings["left"] for settings in found]) > 0.8


def test_one_disaster_does_not_hide_what_is_good() -> None:
    def harsh(settings: Mapping[str, float]) -> float:
        return ridge(settings) if settings["right"] < 0.5 else -1000.0

    assert max(map(harsh, proposed(EXPONENTS, harsh, 25))) > 0.995


def test_nothing_is_searched_where_there_is_no_parameter() -> None:
    assert proposed({}, lambda _: 0.5, 2) == [{}, {}]


def test_a_parameter_that_is_none_of_the_search_is_refused() -> None:
    study = optuna.create_study(sampler=GaussianProcessSampler(EXPONENTS, 0))
    with pytest.raises(ValueError, match="other is no parameter of this search"):
        study.ask().suggest_float("other", 0, 1)
