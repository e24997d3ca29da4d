from __future__ import annotations

import json
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
    score = judge.score(chosen.model.fit(halves[0], seed=1))
    assert score == pytest.approx(chosen.score, abs=0.01)
    assert score >= judge.score(SMALL.fit(halves[0], seed=1))
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
    assert again.score == chosen.score


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


def test_weights_stay_where_time_pays_for_some_content_models_alone(halves, monkeypatch):
    monkeypatch.setattr(TagFactors, "first_fit_s", lambda *_: 1e9)
    start = Hybrid(tag_profile=0.7, tag_kernel=0.3, tag_factors=0.2)
    found = choose_hybrid(*halves, SMALL, start=start, seed=1, budget=Budget(seconds=1e6, trials=1))
    assert {trial.model for trial in found.trials} == {"tag_profile", "tag_kernel", "hybrid"}
    weights = {name: getattr(found.model, name) for name in ("tag_profile", "tag_kernel")}
    assert weights == {"tag_profile": 0.7, "tag_kernel": 0.3}
    assert found.model.tag_factors == 0.2
    assert any("tag_factors: the budget pays for no trial" in note for note in found.notes)
    assert [settings.name for settings in found.content] == ["tag_profile", "tag_kernel"]


def test_time_is_kept_for_factors_while_others_are_searched(halves, monkeypatch):
    times = iter(range(1, 1_000_000))  # whatever asks for the time has taken a second
    for model in (TagProfile, TagKernel, TagFactors):
        monkeypatch.setattr(model, "first_fit_s", lambda *_: 10.0)
    budget = Budget(seconds=300.0, clock=lambda: float(next(times)))
    found = choose_hybrid(*halves, SMALL, seed=1, budget=budget)
    names = [trial.model for trial in found.trials]
    assert names.count("tag_factors") >= 1
    assert names.count("tag_kernel") >= 2


def test_no_time_gives_the_defaults_and_says_so(halves):
    found = choose_hybrid(*halves, Popular(), budget=Budget(seconds=0.0))
    assert found.model.collaborative == Popular()
    assert not found.trials
    assert any("budget" in note for note in found.notes)


def test_without_features_there_is_no_hybrid(halves):
    bare = replace(tastes(features=False), user_items=halves[0].user_items)
    with pytest.raises(FitError, match="has a feature"):
        choose_hybrid(bare, halves[1], ItemGraph())
