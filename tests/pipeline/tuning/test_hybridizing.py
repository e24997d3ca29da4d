from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.errors import FitError
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning import hybridizing
from pipeline.tuning.budget import Budget
from pipeline.tuning.hybridizing import choose_hybrid
from pipeline.tuning.judge import Judge
from tests.pipeline.recommenders.conftest import tastes

SMALL = Ials(factors=4, iterations=3)
TWO = Budget(seconds=None, trials=2)


@pytest.fixture(scope="module")
def halves():
    """Likes of the planted tastes, and a fifth of them held out."""
    whole = tastes()
    likes = whole.user_items
    held = np.random.default_rng(0).random(likes.nnz) < 0.2

    def part(kept):
        before = np.concatenate([[0], np.cumsum(kept)])[likes.indptr]
        return csr_matrix((likes.data[kept], likes.indices[kept], before), shape=likes.shape)

    return replace(whole, user_items=part(~held)), part(held)


@pytest.fixture(scope="module")
def chosen(halves):
    return choose_hybrid(*halves, SMALL, seed=1, budget=TWO)


def test_it_is_not_below_its_collaborative_model(halves, chosen):
    judge = Judge.of(*halves, seed=1)
    alone, score = (judge.score(one.fit(halves[0], seed=1)) for one in (SMALL, chosen.model))
    assert score - alone == pytest.approx(chosen.gain, abs=0.01)
    assert score >= alone
    assert chosen.content_score > 0.8


def test_trials_are_of_every_content_model_and_of_the_hybrid(chosen):
    names = [trial.model for trial in chosen.trials]
    assert sorted(set(names)) == ["hybrid", "tag_factors", "tag_kernel", "tag_profile"]
    assert names.count("tag_profile") == 2
    assert names.count("tag_kernel") == 2 + 6  # then other strengths
    assert names.count("tag_factors") == 2 + 6


def test_one_seed_gives_one_choice(halves, chosen):
    again = choose_hybrid(*halves, SMALL, seed=1, budget=TWO)
    assert again.model == chosen.model
    assert again.gain == chosen.gain


def test_factors_are_those_of_the_collaborative_model(chosen):
    parts = {settings.name: settings for settings in chosen.model.content}
    assert all(one.collaborative == SMALL for one in parts.values() if hasattr(one, "damping"))


def test_the_best_of_every_content_model_is_told_with_a_part_or_without(chosen):
    assert [settings.name for settings in chosen.content] == [model.name for model in CONTENT]
    for settings in chosen.content:
        scores = {t.parameters: t.ndcg_at_20 for t in chosen.trials if t.model == settings.name}
        assert scores[json.dumps(settings.parameters)] == max(scores.values())
    parts = {settings.name: settings for settings in chosen.model.content}
    assert parts.items() <= {settings.name: settings for settings in chosen.content}.items()


def test_few_landmarks_of_a_last_run_do_not_stay(halves):
    last = Hybrid(content=(TagKernel(landmarks=7),))
    found = choose_hybrid(*halves, SMALL, start=last, seed=1, budget=replace(TWO, trials=1))
    tried = {json.loads(t.parameters)["landmarks"] for t in found.trials if t.model == "tag_kernel"}
    assert tried == {TagKernel().landmarks}


class Costly:
    """Makes fits take as long as they are estimated to, by a clock that nothing else moves."""

    def __init__(self, monkeypatch, **seconds):
        self.now = 0.0
        monkeypatch.setattr(TagFactors, "ials_s", lambda *_: seconds["tag_factors"])
        for model in (TagProfile, TagKernel, TagFactors):
            self.slow_down(monkeypatch, model, seconds[model.name])

    def slow_down(self, monkeypatch, model, cost_s):
        quick = model.fit

        def fit(settings, *args, **kwargs):
            self.now += cost_s
            return quick(settings, *args, **kwargs)

        monkeypatch.setattr(model, "fit", fit)
        monkeypatch.setattr(model, "first_fit_s", lambda *_: cost_s)

    def chosen(self, halves, seconds, *, start=None, fixed=(), **limits):
        budget = Budget(seconds=seconds, clock=lambda: self.now, **limits)
        return choose_hybrid(*halves, SMALL, start=start, fixed=fixed, seed=1, budget=budget)


def counts(found):
    return Counter(trial.model for trial in found.trials)


def test_time_is_kept_for_factors_while_the_kernel_could_use_it(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=10.0, tag_factors=20.0)
    found = costly.chosen(halves, 200.0)
    assert counts(found)["tag_kernel"] >= 2
    assert counts(found)["tag_factors"] >= 1
    assert costly.now <= 200.0 - 30.0  # another fit of both follows, on all likes


def test_what_factors_could_not_pay_with_is_not_kept_for_them(halves, monkeypatch):
    searched = []
    for cost_s in (95.0, 1e6):
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=5.0, tag_factors=cost_s)
        found = costly.chosen(halves, 100.0)
        assert counts(found)["tag_factors"] == 0
        assert found.model.tag_factors == 0  # nor is it fitted
        assert any("tag_factors: the budget pays for no trial; it has no" in n for n in found.notes)
        assert found.content_score > 0.8
        searched.append(counts(found)["tag_kernel"])
    assert searched[0] == searched[1] >= 5


def test_factors_that_had_no_trial_but_are_paid_for_keep_their_weight(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=10.0, tag_factors=4.0)
    start = Hybrid(tag_factors=0.3, content=(TagProfile(), TagFactors(regularization=7.0)))
    limits = {"fixed": ("tag_profile",), "budget": Budget(43.0, clock=lambda: costly.now)}
    found = choose_hybrid(*halves, SMALL, start=start, seed=1, **limits)
    assert counts(found)["tag_factors"] == 0
    assert counts(found)["tag_kernel"] == 1
    assert found.model.tag_factors == 0.3
    (own,) = (one for one in found.model.content if isinstance(one, TagFactors))
    assert (own.regularization, own.collaborative) == (7.0, SMALL)
    assert any("it has the weight it started from, 0.3" in note for note in found.notes)
    assert costly.now + 14.5 <= 43.0  # all once more, on all likes


@pytest.mark.parametrize(("seconds", "names"), [(5.5, set()), (10.0, {"tag_factors"})])
def test_of_models_without_a_trial_as_many_stay_as_are_paid_for_together(
    halves, monkeypatch, seconds, names
):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_factors=4.5, tag_kernel=5.0)
    limits = {"start": Hybrid(tag_factors=0.3), "fixed": ("tag_profile",), "pays_lists": False}
    found = costly.chosen(halves, seconds, **limits)
    assert counts(found) == {"tag_profile": 1, "hybrid": 1}
    assert {settings.name for settings in found.model.content} == {"tag_profile", *names}
    assert {name for name in ("tag_factors", "tag_kernel") if getattr(found.model, name)} == names
    assert costly.now <= seconds


def test_no_time_is_kept_for_a_model_that_has_neither_trial_nor_weight(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_factors=4.5, tag_kernel=5.0)
    limits = {"start": Hybrid(tag_factors=0.0), "fixed": ("tag_profile",), "pays_lists": False}
    found = costly.chosen(halves, 7.0, **limits)
    assert counts(found) == {"tag_profile": 1, "hybrid": 1}
    assert {settings.name for settings in found.model.content} == {"tag_profile", "tag_kernel"}


def test_a_trial_of_factors_leaves_time_for_the_fits_that_follow(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=0.5, tag_factors=40.0)
    start = Hybrid(content=(TagProfile(), TagKernel()))
    budget = Budget(seconds=100.0, clock=lambda: costly.now)
    fixed = ("tag_profile", "tag_kernel")
    found = choose_hybrid(*halves, SMALL, start=start, fixed=fixed, seed=1, budget=budget)
    assert counts(found)["tag_factors"] == 0


def test_a_first_trial_leaves_time_for_the_fit_that_follows(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=5.0, tag_factors=1e6)
    found = costly.chosen(halves, 10.5, fixed=("tag_profile",), pays_lists=False)
    assert counts(found)["tag_kernel"] == 0
    assert costly.now <= 10.5


def test_what_cannot_be_paid_takes_no_time_from_others(halves, monkeypatch):
    tried = []
    for cost_s in (0.01, 1e9):
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=cost_s, tag_factors=1e9)
        fixed = ("tag_kernel", "tag_factors")
        tried.append(counts(costly.chosen(halves, 40.0, fixed=fixed))["tag_profile"])
    assert tried[1] >= tried[0] > 5


def test_time_is_kept_for_fits_of_factors_that_have_a_weight(halves, monkeypatch):
    tried = []
    for weight in (0.3, 0.0):
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=1.0, tag_factors=20.0)
        limits = {"start": Hybrid(tag_factors=weight), "fixed": ("tag_profile",)}
        found = costly.chosen(halves, 30.0, pays_lists=False, **limits)
        assert counts(found)["tag_factors"] == 0
        assert found.model.tag_factors == weight
        tried.append(counts(found)["tag_kernel"])
    assert tried[0] < 10 < tried[1]


def test_strengths_that_diverge_leave_what_was_found(halves, monkeypatch):
    quick = TagKernel.fit

    def fit(settings, *args, **kwargs):
        if settings.regularization > 5:
            raise FitError("diverged")
        return quick(settings, *args, **kwargs)

    monkeypatch.setattr(TagKernel, "fit", fit)
    found = choose_hybrid(*halves, SMALL, seed=1, budget=TWO)
    assert found.content_score > 0.8
    assert counts(found)["tag_kernel"] < 2 + 6


def test_time_without_end_is_no_fault(halves):
    limits = {"seed": 1, "budget": replace(TWO, seconds=math.inf)}
    assert choose_hybrid(*halves, SMALL, **limits).model.content


def test_nobody_to_choose_a_curve_leaves_what_was_given(halves):
    train, validation = halves
    nobody = csr_matrix(validation.shape, dtype=np.float32)
    found = choose_hybrid(train, nobody, SMALL, seed=1, budget=TWO)
    assert found.model == Hybrid(collaborative=SMALL)
    assert np.isnan(found.gain)
    assert found.notes[0].startswith("hybrid: nobody has likes in training and in validation")


def test_as_many_fit_the_curve_as_time_pays_for(halves, monkeypatch):
    monkeypatch.setattr(hybridizing, "curve_user_s", lambda *_: 1.0)
    monkeypatch.setattr(hybridizing, "_CURVE_SHARE", 0.25)
    asked = []
    for seconds, least in ((100.0, 3), (100.0, 30), (1e6, 3)):
        monkeypatch.setattr(hybridizing, "_LEAST_USERS", least)
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=1e9, tag_factors=1e9)
        asked.append(costly.chosen(halves, seconds, fixed=("tag_profile",)).trials[-1].n_users)
    assert asked == [25, 30, len(Judge.of(*halves, seed=1).users)]


def test_time_is_kept_for_the_curve(halves, monkeypatch):
    monkeypatch.setattr(hybridizing, "_LEAST_USERS", 3)
    monkeypatch.setattr(hybridizing, "_CURVE_SHARE", 0.25)
    tried = []
    for user_s in (1e-9, 1.0):
        monkeypatch.setattr(hybridizing, "curve_user_s", lambda *_, user_s=user_s: user_s)
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=10.0, tag_factors=1e9)
        tried.append(counts(costly.chosen(halves, 150.0, fixed=("tag_profile",)))["tag_kernel"])
    assert tried[0] - tried[1] in (3, 4), "37 users, a second each"


def test_little_time_is_enough_for_models_of_little_cost(halves, monkeypatch):
    costly = Costly(monkeypatch, tag_profile=0.05, tag_kernel=0.2, tag_factors=0.5)
    names = {"tag_profile", "tag_kernel", "tag_factors", "hybrid"}
    assert set(counts(costly.chosen(halves, 9.0))) == names


def test_final_fits_that_are_not_paid_for_leave_more_to_the_search(halves, monkeypatch):
    tried = []
    for pays_lists in (True, False):
        costly = Costly(monkeypatch, tag_profile=0.5, tag_kernel=10.0, tag_factors=10.0)
        tried.append(counts(costly.chosen(halves, 150.0, pays_lists=pays_lists))["tag_kernel"])
    assert tried[0] < tried[1]


def test_a_content_model_that_fails_has_no_part(halves, monkeypatch):
    def failing(*_, **__):
        raise FitError("diverged")

    monkeypatch.setattr(TagFactors, "fit", failing)
    found = choose_hybrid(*halves, SMALL, seed=1, budget=TWO)
    assert found.model.tag_factors == 0
    assert found.content_score > 0.8
    assert "tag_factors: no trial gave scores; it has no part in the hybrid" in found.notes


def test_no_time_gives_the_defaults_and_says_so(halves):
    found = choose_hybrid(*halves, Popular(), budget=Budget(seconds=0.0))
    assert found.model.collaborative == Popular()
    assert not found.trials
    assert any("budget" in note for note in found.notes)


def test_without_features_there_is_no_hybrid(halves):
    bare = replace(tastes(features=False), user_items=halves[0].user_items)
    with pytest.raises(FitError, match="has a feature"):
        choose_hybrid(bare, halves[1], ItemGraph())
