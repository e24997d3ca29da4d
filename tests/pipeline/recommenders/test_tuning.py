from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.errors import FitError
from pipeline.recommenders.base import Recommender, ranged
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular, PopularFitted
from pipeline.recommenders.tuning import Budget, tune


class Clock:
    """Seconds that pass only where a fake fit says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


@dataclass(frozen=True)
class Fake(Recommender):
    """One step of cost 1 s; the best is at 4 steps with shift 0, and shift 9 diverges."""

    name: ClassVar[str] = "fake"
    label: ClassVar[str] = "Fake"
    sentence: ClassVar[str] = "Fake."
    fitted: ClassVar = PopularFitted
    fitted_steps: ClassVar[list[tuple[int, int]]] = []

    steps: int = ranged(8, 1, 100, "Steps.")
    shift: int = ranged(1, 0, 9, "Distance from the best setting.")

    @property
    def effort(self) -> float:
        return float(self.steps)

    def first_fit_s(self, dataset) -> float:
        return 1.0

    def trials(self):
        return tuple(replace(self, shift=shift) for shift in (self.shift, 0, 9))

    def path(self):
        return tuple(replace(self, steps=steps) for steps in range(1, self.steps + 1))

    def fit(self, dataset, *, seed=0, threads=1) -> PopularFitted:
        raise AssertionError("the tuner follows paths")

    def fit_path(self, dataset, *, seed=0, threads=1) -> Iterator[PopularFitted]:
        for steps in range(1, self.steps + 1):
            CLOCK.now += 1.0
            self.fitted_steps.append((self.shift, steps))
            if self.shift == 9:
                raise FitError("no finite numbers")
            # everybody's held-out item is 0; it ranks the worse the farther from the best
            counts = np.array([5.5, *range(12, 0, -1)], np.float32)
            counts[0] = 12.5 - abs(steps - 4) - self.shift
            yield PopularFitted(counts)


@pytest.fixture
def likes(dataset):
    """Train: everybody likes item 12; validation: everybody likes item 0."""
    train, validation = np.zeros((2, 30, 13), np.float32)
    train[:, 12] = validation[:, 0] = 1
    small = replace(
        dataset,
        user_ids=dataset.user_ids[:30],
        item_ids=dataset.item_ids[:13],
        user_items=csr_matrix(train),
    )
    Fake.fitted_steps.clear()
    return small, csr_matrix(validation)


def test_the_best_setting_is_chosen_and_worse_ones_are_left_early(likes):
    tuned = tune(Fake(), *likes, budget=Budget(None, None, CLOCK))
    assert tuned.model == Fake(steps=4, shift=0)
    assert tuned.note is None
    # two steps past the best of a path are enough, and a fit that diverges ends its path
    assert Fake.fitted_steps == [
        *((1, steps) for steps in range(1, 7)),
        *((0, steps) for steps in range(1, 7)),
        (9, 1),
    ]
    chosen = tuned.trials.filter("chosen")
    assert chosen["parameters"].to_list() == [json.dumps({"steps": 4, "shift": 0})]
    assert chosen["ndcg_at_10"][0] == tuned.trials["ndcg_at_10"].max() == 1.0
    assert chosen["n_users"][0] == 30


@pytest.mark.parametrize("seconds", [2.0, 5.0, 9.0, 17.0, 40.0])
def test_the_budget_pays_for_the_trials_and_the_final_fit(likes, seconds):
    before = CLOCK.now
    tuned = tune(Fake(), *likes, budget=Budget(seconds, None, CLOCK))
    final_s = tuned.model.effort * 1.0
    assert CLOCK.now - before + final_s <= seconds
    assert (tuned.note is None) == (seconds == 40.0)


def test_a_step_that_is_known_to_cost_too_much_is_not_started(likes):
    tune(Fake(), *likes, budget=Budget(9.0, None, CLOCK))
    # the fourth step would end at 4 s and its final fit at 4 + 1.3 * 4 = 9.2 s
    assert Fake.fitted_steps == [(1, 1), (1, 2), (1, 3), (0, 1), (0, 2)]


def test_a_budget_too_small_for_anything_gives_the_first_step_and_says_so(likes):
    tuned = tune(Fake(), *likes, budget=Budget(0.5, None, CLOCK))
    assert tuned.model.steps == 1
    assert Fake.fitted_steps == []
    assert "pays for no trial" in tuned.note


@pytest.mark.parametrize("trials", [1, 3, 7])
def test_the_budget_of_trials_is_kept(likes, trials):
    tuned = tune(Fake(), *likes, budget=Budget(None, trials, CLOCK))
    assert len(tuned.trials) == trials
    assert tuned.note.endswith(f"after {trials} trial" + "s" * (trials > 1))


def test_no_user_with_likes_in_both_parts_gives_the_defaults(likes):
    train, validation = likes
    nobody = csr_matrix(validation.shape, dtype=np.float32)
    tuned = tune(Fake(), train, nobody, budget=Budget(None, None, CLOCK))
    assert tuned.model == Fake()
    assert "nobody has likes" in tuned.note
    assert Fake.fitted_steps == []


def test_an_algorithm_with_nothing_to_choose_is_left_alone(likes):
    tuned = tune(Popular(), *likes)
    assert tuned.model == Popular()
    assert tuned.note is None
    assert tuned.trials.is_empty()


def test_lightfm_is_tuned_the_same_twice(dataset):
    random = np.random.default_rng(0)
    held = random.random(dataset.user_items.nnz) < 0.2
    train, validation = dataset.user_items.copy(), dataset.user_items.copy()
    train.data[held], validation.data[~held] = 0, 0
    for part in (train, validation):
        part.eliminate_zeros()
    known = replace(dataset, user_items=train)
    first, second = (
        tune(LightfmCf(factors=4), known, validation, seed=1, budget=Budget(None, 12))
        for _ in range(2)
    )
    assert first.model == second.model
    assert first.trials.drop("elapsed_s").equals(second.trials.drop("elapsed_s"))
    best = first.trials.sort("ndcg_at_10", descending=True)["ndcg_at_10"][0]
    assert best > 2 * first.trials["ndcg_at_10"][0] or best > 0.3
