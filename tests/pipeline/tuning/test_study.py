from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.judge import Judge
from pipeline.tuning.study import Study
from tests.pipeline.tuning.conftest import CLOCK, Fake


def study_of(likes, *starts, seconds=None, trials=None, **more) -> Study:
    judge = Judge.of(*likes, seed=0)
    purse = Purse(Budget(seconds, trials, clock=CLOCK))
    return Study(starts or (Fake(),), judge, purse, 0, **more)


def run(study: Study) -> Study:
    while not study.is_over:
        study.step()
    return study


def test_the_best_setting_is_found_and_a_fit_is_left_once_it_gets_no_better(likes):
    study = run(study_of(likes, trials=25))
    assert study.best.settings == Fake(steps=4, shift=0)
    assert study.best.score == max(trial.ndcg_at_20 for trial in study.trials) == 1.0
    longest = {shift: max(s for a, s in Fake.log if a == shift) for shift, _ in Fake.log}
    assert longest[0] == 6, "two looks past the peak"
    assert longest.get(9, 1) == 1, "a fit that diverges ends its trial"


def test_fits_are_asked_to_know_those_who_judge(likes):
    study = run(study_of(likes, trials=3))
    assert Fake.asked == [study.judge.users.tolist()] * 3


def test_the_final_fit_is_for_everybody_where_few_judge(likes, monkeypatch):
    study = run(study_of(likes, trials=3))
    monkeypatch.setattr(Fake, "effort_of_users", 10.0, raising=False)
    by_all = study.final_s
    study.judge = replace(study.judge, users=study.judge.users[:1])
    study.judge_s = study.judge_s / study.judge.train.n_users  # the lists cost the same as before
    n_users = study.judge.train.n_users
    assert study.final_s - by_all == pytest.approx(1.3 * 10.0 * (1 - 1 / n_users))


def test_the_starts_are_tried_first_in_their_order(likes):
    run(study_of(likes, Fake(shift=2), Fake(shift=7), trials=2))
    assert list(dict.fromkeys(shift for shift, _ in Fake.log)) == [2, 7]


def test_what_is_not_searched_comes_from_the_last_start(likes):
    run(study_of(likes, Fake(steps=1, shift=2), Fake(steps=3, shift=7), trials=1))
    assert Fake.log == [(2, 1), (2, 2), (2, 3)]


@pytest.mark.parametrize("trials", [1, 3, 7])
def test_the_budget_of_trials_is_kept_and_said(likes, trials):
    study = run(study_of(likes, trials=trials))
    assert study.n_fits == trials
    assert study.note == f"fake: the budget ended the search after {trials} trial" + "s" * (
        trials > 1
    )


@pytest.mark.parametrize("seconds", [1.0, 2.0, 5.0, 9.0, 17.0])
def test_no_step_is_started_that_the_seconds_do_not_pay(likes, seconds):
    before = CLOCK.now
    study = run(study_of(likes, seconds=seconds))
    assert CLOCK.now - before <= seconds
    assert study.was_cut
    assert len(Fake.log) == int(seconds)


def test_a_purse_that_pays_for_nothing_leaves_what_it_could_pay_and_says_so(likes):
    study = run(study_of(likes, seconds=0.5))
    assert Fake.log == []
    assert study.settled == Fake(steps=1)
    assert "pays for no trial" in study.note
    assert "cut to what it pays for" in study.note


def test_settings_that_are_fixed_are_scored_once_as_they_are(likes):
    study = run(study_of(likes, Fake(steps=2, shift=1), is_searched=False))
    assert Fake.log == [(1, 1), (1, 2)]
    assert [trial.parameters for trial in study.trials] == ['{"steps": 2, "shift": 1}']
    assert study.note is None


def test_the_same_seed_gives_the_same_trials(likes):
    def parameters(study):
        return [trial.parameters for trial in study.trials]

    first, second = (run(study_of(likes, trials=12)) for _ in range(2))
    assert parameters(first) == parameters(second)


def test_settings_that_are_fixed_stay_though_nothing_is_paid_for(likes):
    study = run(study_of(likes, Fake(steps=8, shift=1), is_searched=False, seconds=0.5))
    assert Fake.log == []
    assert study.settled == Fake(steps=8, shift=1)
    assert "is not compared" in study.note


@pytest.mark.parametrize(("seconds", "begun"), [(5.0, False), (9.0, True)])
def test_a_fixed_fit_is_paid_for_whole_or_not_begun(likes, seconds, begun):
    before = CLOCK.now
    run(study_of(likes, Fake(steps=8, shift=1), is_searched=False, seconds=seconds))
    assert bool(Fake.log) == begun
    assert CLOCK.now - before <= seconds


def test_fixed_settings_that_diverge_are_not_scored(likes):
    study = run(study_of(likes, Fake(shift=9), is_searched=False))
    assert study.best is None
    assert study.settled == Fake(shift=9)
