from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.best import CANDIDATES, Best
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning import choosing
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.choosing import _Choosing, choose
from pipeline.tuning.entering import Asked
from pipeline.tuning.hybridizing import choose_hybrid
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study
from tests.pipeline.recommenders.conftest import tastes

TWO = Budget(None, 2)


def parts_of(dataset: Dataset) -> tuple[Dataset, csr_matrix]:
    """Four fifths of the likes to learn from, the others to judge by."""
    held = np.random.default_rng(0).random(dataset.user_items.nnz) < 0.2
    train, validation = dataset.user_items.copy(), dataset.user_items.copy()
    train.data[held], validation.data[~held] = 0, 0
    for part in (train, validation):
        part.eliminate_zeros()
    return replace(dataset, user_items=train), validation


@pytest.fixture(scope="module")
def parts():
    return parts_of(tastes())


@pytest.fixture(scope="module")
def bare():
    return parts_of(tastes(features=False))


def test_best_is_the_model_with_the_best_score(bare):
    choice = choose(["best"], *bare, budget=TWO)
    best = choice.models["best"]
    assert list(choice.models) == ["best"]
    tried = set(choice.trials["model"])
    assert tried == {"popular", "blend", *(model.name for model in BLENDED)}
    assert best.winner.name != "popular"
    won = choice.trials.filter(model=best.winner.name)["ndcg_at_20"].max()
    assert won >= choice.trials.filter(model="popular")["ndcg_at_20"].max()


def test_a_blend_of_one_model_gives_way_to_that_model(bare):
    fixed = {"blend": Blend(item_graph=0.0, ials=0.0, ease=1.0), "ease": Ease()}
    choice = choose(["best", "blend"], *bare, budget=Budget(None, 1), fixed=fixed)
    assert [part.name for part in choice.models["blend"].within] == ["ease"]
    scores = dict(zip(choice.trials["model"], choice.trials["ndcg_at_20"], strict=True))
    assert scores["blend"] == scores["ease"] == max(scores.values())
    assert choice.models["best"].winner == Ease()


def test_with_features_a_hybrid_competes(parts):
    choice = choose(["best", "hybrid", "blend"], *parts, budget=TWO)
    assert list(choice.models) == ["best", "hybrid", "blend"]
    assert choice.models["hybrid"].content
    assert "hybrid" in choice.trials["model"].to_list()
    assert choice.trials.filter(model="hybrid", chosen=True).height == 1


def test_without_features_a_hybrid_is_left_out_and_that_is_said_where_it_was_wanted(bare):
    asked = choose(["hybrid"], *bare, budget=TWO)
    assert asked.models == {}
    assert any(note.startswith("hybrid is left out: ") for note in asked.notes)
    assert not any("hybrid" in note for note in choose(["best"], *bare, budget=TWO).notes)


def test_trials_of_all_that_was_chosen_are_marked(bare):
    choice = choose(["blend"], *bare, budget=TWO)
    names = {"blend", *(part.name for part in choice.models["blend"].within)}
    assert set(choice.trials.filter("chosen")["model"]) == names


def test_fixed_settings_stay_and_are_not_searched(bare):
    fixed = {"ials": Ials(factors=3, iterations=2)}
    choice = choose(["ials", "blend"], *bare, budget=TWO, fixed=fixed)
    assert choice.models["ials"] == fixed["ials"]
    assert choice.trials.filter(model="ials").height == 1
    weights = {"blend": Blend(item_graph=2.0, ials=1.0)}
    both = choose(["blend"], *bare, budget=TWO, fixed={**fixed, **weights}).models["blend"]
    assert (both.item_graph, both.ials) == (2.0, 1.0)
    assert fixed["ials"] in both.within


def test_a_weight_that_is_given_stays_though_its_model_is_far_behind(bare):
    fixed = {"ials": Ials(factors=1, iterations=1), "blend": Blend(item_graph=1.0, ials=0.3)}
    choice = choose(["blend"], *bare, budget=TWO, fixed=fixed)
    scores = choice.trials.group_by("model").agg(pl.col("ndcg_at_20").max())
    ials, graph = (scores.filter(model=name)["ndcg_at_20"][0] for name in ("ials", "item_graph"))
    assert ials < 0.6 * graph
    assert choice.models["blend"].ials == 0.3


def test_a_fixed_hybrid_has_the_searched_blend_and_the_fixed_models(parts):
    fixed = {"hybrid": Hybrid(warm=0.3), "tag_profile": TagProfile(idf_power=0.25)}
    models = choose(["hybrid", "blend"], *parts, budget=TWO, fixed=fixed).models
    assert models["hybrid"].warm == 0.3
    assert models["hybrid"].collaborative == models["blend"]
    assert fixed["tag_profile"] in models["hybrid"].within


def test_a_fixed_content_model_is_not_searched_within_a_hybrid(parts):
    fixed = {"tag_kernel": TagKernel(landmarks=9)}
    choice = choose(["hybrid", "tag_kernel"], *parts, budget=TWO, fixed=fixed)
    tried = choice.trials.filter(model="tag_kernel")["parameters"].unique()
    assert [json.loads(text) for text in tried] == [fixed["tag_kernel"].parameters]
    assert choice.models["tag_kernel"] == fixed["tag_kernel"]


def test_last_winners_are_tried_first(bare):
    last = ItemGraph(left_exponent=0.123)
    trials = choose(["item_graph"], *bare, budget=TWO, winners={"item_graph": last}).trials
    assert '"left_exponent": 0.123' in trials["parameters"][0]


def test_a_model_that_a_search_refuses_is_kept_where_one_insists(bare, monkeypatch):
    monkeypatch.setattr("pipeline.recommenders.ease._MAX_ITEMS_IN_TUNER", 5)
    assert choose(["ease"], *bare, budget=TWO).models == {}
    assert choose(["ease"], *bare, budget=TWO, insists=True).models == {"ease": Ease()}
    blend = choose(["blend"], *bare, budget=TWO, insists=True)
    assert "ease" not in [part.name for part in blend.models["blend"].within]
    assert any(note.startswith("ease is left out: ") for note in blend.notes)


def test_nobody_to_judge_by_gives_the_defaults_and_popularity_as_best(bare):
    train, validation = bare
    nobody = csr_matrix(validation.shape, dtype=np.float32)
    choice = choose(["best", "item_graph"], train, nobody, budget=TWO)
    assert choice.models["best"].winner == Popular()
    assert choice.models["item_graph"] == ItemGraph()
    assert choice.trials.is_empty()
    assert any("nobody has likes" in note for note in choice.notes)


def test_the_same_seed_and_trials_give_the_same_choice(parts):
    first, second = (choose(["best", "lightfm_cf"], *parts, budget=TWO) for _ in range(2))
    assert first.models == second.models
    times = ("fit_s", "elapsed_s")
    assert first.trials.drop(times).equals(second.trials.drop(times))


def test_the_seconds_are_kept(parts):
    now = [0.0]

    def clock():
        now[0] += 0.01  # time passes whenever it is looked at
        return now[0]

    choice = choose(["best"], *parts, budget=Budget(6.0, clock=clock))
    assert now[0] < 8.0
    assert choice.trials.height > 3
    assert any("budget ended the search" in note for note in choice.notes)


def test_a_hybrid_is_left_what_final_fits_need_where_they_are_paid_for(parts, monkeypatch):
    left = []

    def noting(*args, budget, **kwargs):
        left.append(budget.seconds)
        return choose_hybrid(*args, budget=replace(budget, seconds=0.0), **kwargs)

    monkeypatch.setattr(choosing, "choose_hybrid", noting)
    monkeypatch.setattr(Study, "final_s", property(lambda _: 50.0))
    for pays_lists in (True, False):
        budget = Budget(1000.0, 1, pays_lists=pays_lists, clock=lambda: 0.0)
        choose(["hybrid"], *parts, budget=budget)
    assert left[1] == 1000.0
    assert left[0] == pytest.approx(1000.0 - 50.0 * len(BLENDED), abs=0.01)


@pytest.mark.parametrize(("gain", "winner"), [(0.01, "hybrid"), (0.0, "hybrid"), (-0.01, None)])
def test_a_hybrid_wins_by_what_it_gains(parts, monkeypatch, gain, winner):
    def gaining(*args, **kwargs):
        return replace(choose_hybrid(*args, **kwargs), gain=gain)

    monkeypatch.setattr(choosing, "choose_hybrid", gaining)
    found = choose(["best"], *parts, budget=TWO).models["best"].winner.name
    assert found == winner if winner else found != "hybrid"


def test_whatever_was_wanted_beside_the_best_may_win_it_and_be_read_again(bare):
    names = [algorithm.name for algorithm in RECOMMENDERS if algorithm is not Best]
    assert {algorithm.name for algorithm in CANDIDATES} == set(names)
    choice = choose(["lightfm_cf", "best"], *bare, budget=TWO)
    assert "lightfm_cf" in choice.trials["model"].to_list()
    for algorithm in CANDIDATES:
        best = Best(algorithm())
        assert Best.from_described(best.described).described == best.described


def test_what_was_not_tried_keeps_its_defaults(bare):
    nothing = Budget(1e-9)
    chosen = choose(["ials"], *bare, budget=nothing).models["ials"]
    assert chosen == Ials(iterations=Ials().path()[0].iterations)


def test_seconds_of_a_hybrid_are_kept_back_only_once_every_algorithm_was_tried(parts, monkeypatch):
    kept = []  # seconds that must be left, and whether all were tried by then

    def watched(studies, purse, reserve_s, **more):
        def told():
            reserved = reserve_s()
            kept.append((reserved, all(study.n_fits for study in studies)))
            return reserved

        run_rounds(studies, purse, told, **more)

    monkeypatch.setattr("pipeline.tuning.choosing.run_rounds", watched)
    choose(["best"], *parts, budget=Budget(seconds=1000.0, trials=1))
    first = [reserved for reserved, all_tried in kept if not all_tried]
    after = [reserved for reserved, all_tried in kept if all_tried]
    assert max(first) < 300 <= min(after)


def test_fixed_settings_stay_though_nothing_is_paid_for(bare):
    fixed = {"ials": Ials(factors=16, iterations=40)}
    choice = choose(["blend", "ials"], *bare, budget=Budget(1e-9), fixed=fixed)
    assert choice.models["ials"] == fixed["ials"]
    assert any("ials" in note and "not compared" in note for note in choice.notes)


def test_fixed_settings_of_any_model_may_win(bare):
    fixed = {"lightfm_cf": LightfmCf(factors=4, epochs=2)}
    choice = choose(["lightfm_cf", "best"], *bare, budget=TWO, fixed=fixed)
    assert choice.trials.filter(model="lightfm_cf").height == 1
    assert choice.models["lightfm_cf"] == fixed["lightfm_cf"]


def test_a_content_model_with_a_search_of_its_own_keeps_what_that_found(parts):
    train, validation = parts
    choice = choose(["best", "tag_profile"], train, validation, budget=Budget(None, 4))
    judge = Judge.of(train, validation, seed=0)
    found = judge.score(choice.models["tag_profile"].fit(train))
    (chosen,) = choice.trials.filter(model="tag_profile", chosen=True, ranked="all items").rows(
        named=True
    )
    assert found == chosen["ndcg_at_20"]
    assert "new items" in set(choice.trials.filter(model="tag_profile")["ranked"])


def test_content_models_are_searched_where_the_hybrid_refuses(parts, monkeypatch):
    monkeypatch.setattr(Hybrid, "refusal", lambda *_, **__: "hybrid: no")
    choice = choose(["tag_profile", "hybrid", "best"], *parts, budget=TWO)
    assert "hybrid" not in choice.models
    assert choice.trials.filter(model="tag_profile").height


def test_a_kernel_that_is_too_wide_leaves_the_rest_of_the_hybrid(parts, monkeypatch):
    def refuses(self, dataset, *, in_tuner=False):
        return "too wide" if self.landmarks > 1000 else None

    monkeypatch.setattr(TagKernel, "refusal", refuses)
    choice = choose(["hybrid"], *parts, budget=TWO)
    kernels = [one for one, _ in choice.models["hybrid"].weighted if one.name == "tag_kernel"]
    assert all(kernel.landmarks <= 1000 for kernel in kernels)
    assert "tag_kernel" in set(choice.trials["model"])


def test_the_fits_that_follow_are_those_of_all_that_is_wanted(bare):
    choosing = _Choosing(Asked(("best", "lightfm_cf")), Judge.of(*bare, seed=0), Purse(Budget()), 0)
    choosing.studies = [
        SimpleNamespace(name="item_graph", best=SimpleNamespace(score=1.0), final_s=2.0),
        SimpleNamespace(name="ials", best=SimpleNamespace(score=0.1), final_s=30.0),
        SimpleNamespace(name="lightfm_cf", best=None, final_s=100.0),
    ]
    assert choosing._final_s() == pytest.approx(102.0, abs=0.01)


def test_a_blend_of_many_scores_is_paid_for(bare):
    judge = Judge.of(*bare, seed=0, threads=2)
    many = replace(judge, train=SimpleNamespace(n_users=10**6, n_items=10**5))
    choosing = _Choosing(Asked(("best",)), many, Purse(Budget()), 0)
    choosing.studies = [
        SimpleNamespace(name=name, best=SimpleNamespace(score=1.0), final_s=1.0)
        for name in ("item_graph", "ials")
    ]
    assert choosing._final_s() == pytest.approx(2.0 + 1000.0)
    alone = _Choosing(Asked(("ials",)), many, Purse(Budget()), 0, studies=choosing.studies)
    assert alone._final_s() == 1.0
