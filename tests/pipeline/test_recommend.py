from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline import recommend as module
from pipeline.dataset.columns import ITEM_ID, LIKED_AT, USER_ID, WEIGHT
from pipeline.dataset.world import World
from pipeline.errors import InputError
from pipeline.recommend import (
    RECOMMENDED_SCHEMA,
    SIMILAR_SCHEMA,
    Fitting,
    Recommended,
    recommend,
)
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning.budget import Budget

SMALL = LightfmCf(factors=4, epochs=3)
QUICK = Fitting(k=5, budget=Budget(None, 3))


def world_of(likes, items=None, **more) -> World:
    """World as `read_world` gives it, of rows (user, item[, weight]) and (item, tags)."""
    frame = pl.DataFrame(
        [(user, item, None, *(weight or [1.0])) for user, item, *weight in likes],
        schema={
            USER_ID: pl.String,
            ITEM_ID: pl.String,
            LIKED_AT: pl.Datetime("us", "UTC"),
            WEIGHT: pl.Float32,
        },
        orient="row",
    )
    catalogue = None
    if items is not None:
        catalogue = pl.DataFrame(
            [(item, tags, [], None) for item, tags in items],
            schema={
                ITEM_ID: pl.String,
                "tags": pl.List(pl.String),
                "categories": pl.List(pl.String),
                "creator": pl.String,
            },
            orient="row",
        )
    return World(frame, catalogue, **more)


def planted(**more) -> World:
    """Two groups of people and of tagged items; one cold item each, one item with no tag."""
    random = np.random.default_rng(0)
    likes = [
        (f"{group}{user:02}", f"{group}-{item}")
        for group in "ab"
        for user in range(20)
        for item in random.choice(10, 6, replace=False)
    ]
    items = [(f"{group}-{item}", [f"tag {group}"]) for group in "ab" for item in [*range(10), 99]]
    return world_of([*likes, ("a00", "only in likes")], items, **more)


def fixed(*models) -> dict[str, Recommender]:
    """Settings that are taken as they are."""
    return {model.name: model for model in models}


def listed(world, models, fitting=QUICK) -> Recommended:
    return recommend(world, list(models), replace(fitting, fixed=models))


def by_user(frame: pl.DataFrame) -> dict[str, list[str]]:
    return dict(frame.group_by("user_handle", maintain_order=True).agg("item_id").iter_rows())


def test_every_user_gets_ranked_rows_of_each_model():
    world = planted()
    found = listed(world, fixed(*(a() for a in RECOMMENDERS)), QUICK)
    frame = found.for_users
    assert dict(frame.schema) == RECOMMENDED_SCHEMA
    assert frame.columns == ["user_handle", "rank", "item_id", "score", "model"]
    for algorithm in RECOMMENDERS:
        rows = frame.filter(model=algorithm.name)
        assert rows["user_handle"].n_unique() == 40
        ranks = rows.group_by("user_handle").agg("rank", pl.col("score"))
        for _, ranked, scores in ranks.iter_rows():
            assert ranked == list(range(1, len(ranked) + 1))
            assert scores == sorted(scores, reverse=True)
    liked = world.likes.rename({USER_ID: "user_handle"}).select("user_handle", "item_id")
    assert frame.join(liked, on=["user_handle", "item_id"]).is_empty()
    assert frame.select("user_handle", "item_id", "model").is_unique().all()
    assert found.similar is None


def test_cold_items_come_from_the_models_that_can():
    found = listed(planted(), fixed(*(a() for a in RECOMMENDERS)), replace(QUICK, k=50))
    cold = found.for_users.filter(pl.col("item_id").str.ends_with("-99"))
    able = {"lightfm_hybrid", "tag_profile", "tag_factors", "tag_kernel", "hybrid"}
    best = {"best"} if found.models["best"].winner.name in able else set()
    assert set(cold["model"]) == able | best
    tagged = cold.filter(model="tag_profile")
    assert len(tagged) == 40
    assert (tagged["user_handle"].str.head(1) == tagged["item_id"].str.head(1)).all()


def test_an_item_of_the_likes_alone_is_listed_too():
    frame = listed(planted(), fixed(Popular()), replace(QUICK, k=50)).for_users
    assert len(frame.filter(item_id="only in likes")) == 39


def test_similar_items_are_listed_where_a_model_knows_them():
    found = recommend(
        planted(),
        fixed(Popular(), LightfmCf(factors=4), TagProfile()),
        replace(QUICK, similar=True),
    )
    frame = found.similar
    assert dict(frame.schema) == SIMILAR_SCHEMA
    assert frame.columns == ["item_id", "rank", "similar_item_id", "score", "model"]
    assert set(frame["model"]) == {"lightfm_cf", "tag_profile"}
    assert "popular: no similar items: it can compare none" in found.notes
    assert frame.filter(pl.col("item_id") == pl.col("similar_item_id")).is_empty()
    tagged = frame.filter(model="tag_profile")
    assert (tagged["item_id"].str.head(1) == tagged["similar_item_id"].str.head(1)).all()
    assert "a-99" in tagged["item_id"]


def test_candidates_restrict_both_kinds_of_lists():
    world = planted(candidates=pl.Series(["b-3", "b-99", "a-1", "sold out"]))
    found = listed(world, fixed(*(a() for a in RECOMMENDERS)), replace(QUICK, similar=True))
    assert set(found.for_users["item_id"]) <= {"b-3", "b-99", "a-1"}
    assert set(found.similar["similar_item_id"]) <= {"b-3", "b-99", "a-1"}
    assert found.similar["item_id"].n_unique() > 10


def test_a_model_that_can_score_no_candidate_gives_no_rows_and_says_so():
    world = planted(candidates=pl.Series(["a-99", "b-99"]))
    found = listed(world, fixed(Popular(), SMALL, TagProfile()), QUICK)
    assert set(found.for_users["model"]) == {"tag_profile"}
    for name in ("popular", "lightfm_cf"):
        assert f"{name}: no rows: it can score none of the candidates" in found.notes
    assert not any(note.startswith("tag_profile: no rows") for note in found.notes)


def test_candidates_that_nobody_knows_give_no_rows_at_all():
    found = listed(planted(candidates=pl.Series(["x"])), fixed(Popular()), QUICK)
    assert found.for_users.is_empty()
    assert dict(found.for_users.schema) == RECOMMENDED_SCHEMA


def test_without_items_the_tag_profile_has_no_rows_and_the_hybrid_is_the_cf():
    bare = replace(planted(), items=None)
    found = listed(bare, fixed(SMALL, LightfmHybrid(factors=4, epochs=3), TagProfile()), QUICK)
    cf, hybrid = (
        found.for_users.filter(model=name).drop("model")
        for name in ("lightfm_cf", "lightfm_hybrid")
    )
    assert cf.equals(hybrid)
    assert found.for_users.filter(model="tag_profile").is_empty()
    assert any(
        note.startswith("tag_profile: no rows: it can score no item") for note in found.notes
    )


def test_users_without_a_list_are_counted():
    likes = [("u", "x"), ("v", "x"), ("v", "y")]
    found = listed(world_of(likes), fixed(Popular()), QUICK)
    assert by_user(found.for_users) == {"u": ["y"]}
    assert any("1 of 2 users have no list" in note for note in found.notes)


def test_validation_pairs_are_taken_out_while_parameters_are_chosen(monkeypatch):
    world = planted()
    pairs = world.likes.filter(pl.col(USER_ID) == "a01").head(2)
    extra = world_of([("a02", "b-0")]).likes.vstack(pairs)
    seen = []

    def spy(names, train, validation, **more):
        seen.append((train, validation))
        return choose(names, train, validation, **more)

    choose = module.choose
    monkeypatch.setattr(module, "choose", spy)
    recommend(replace(world, validation=extra), ["lightfm_cf"], QUICK)
    ((train, validation),) = seen
    assert train.user_items.nnz == len(world.likes) - 2
    assert validation.nnz == 3
    assert train.user_items.multiply(validation).nnz == 0


def test_the_final_fit_uses_all_likes(monkeypatch):
    world = planted()
    sizes = []
    fit = LightfmCf.fit

    def spy(self, dataset, **more):
        sizes.append(dataset.user_items.nnz)
        return fit(self, dataset, **more)

    monkeypatch.setattr(LightfmCf, "fit", spy)
    everything = replace(world, validation=world.likes.head(20))
    recommend(everything, ["lightfm_cf"], QUICK)
    assert sizes == [len(world.likes)]


def test_without_validation_a_tenth_of_each_users_likes_chooses():
    found = recommend(planted(), ["lightfm_cf"], QUICK)
    assert set(found.trials["n_users"]) == {40}
    chosen = found.trials.filter("chosen")
    assert len(chosen) == 1
    assert json.loads(chosen["parameters"][0]) == found.models["lightfm_cf"].parameters


def test_validation_pairs_of_unknown_ids_are_counted():
    validation = world_of([("a01", "nowhere"), ("nobody", "a-1"), ("a03", "b-4")]).likes
    found = recommend(replace(planted(), validation=validation), ["lightfm_cf"], QUICK)
    assert any(note.startswith("2 of 3 validation pairs") for note in found.notes)


def test_the_best_is_listed_under_its_name_beside_what_it_is_made_of():
    found = recommend(planted(), ["best", "item_graph"], QUICK)
    assert list(found.models) == ["best", "item_graph"]
    assert set(found.for_users["model"]) == {"best", "item_graph"}
    winner = found.models["best"].within[0]
    assert winner.name in found.trials["model"].to_list()


def test_a_model_that_is_too_large_is_refused_by_name_and_left_out_of_the_best(monkeypatch):
    monkeypatch.setattr("pipeline.recommenders.ease._MAX_ITEMS_IN_TUNER", 5)
    found = recommend(planted(), ["best"], QUICK)
    assert any(note.startswith("ease is left out: ") for note in found.notes)
    assert "ease" not in found.trials["model"].to_list()
    by_hand = recommend(planted(), ["ease"], QUICK)
    assert by_hand.models == fixed(Ease())
    assert any(note.startswith("ease has its default parameters: ") for note in by_hand.notes)
    monkeypatch.setattr("pipeline.recommenders.ease._MAX_ITEMS", 5)
    with pytest.raises(InputError, match="GB") as caught:
        recommend(planted(), ["ease", "popular"], QUICK)
    assert len(caught.value.faults) == 1


def test_weights_are_damped_and_count():
    likes = [("u", "x", 1000.0), ("v", "x", 1.0), ("v", "y", 1.0), ("w", "y", 1.0), ("w", "z", 0.0)]
    frame = listed(world_of(likes), fixed(Popular()), replace(QUICK, k=9)).for_users
    scores = dict(frame.select("item_id", "score").unique().iter_rows())
    assert set(scores) == {"x", "y"}  # a weight of 0 is no like, though it is seen
    damped = np.log1p([1000.0, 1, 1, 1, 0])
    unit = len(damped) / damped.sum()
    assert scores["x"] == pytest.approx((damped[0] + damped[1]) * unit, rel=1e-5)


def test_weights_of_zero_everywhere_are_a_fault():
    with pytest.raises(InputError, match="0 in every row"):
        listed(world_of([("u", "x", 0.0)]), fixed(Popular()), QUICK)


def test_equal_weights_are_ones():
    frame = listed(world_of([("u", "x", 5.0), ("v", "y", 5.0)]), fixed(Popular()), QUICK).for_users
    assert frame["score"].to_list() == [1.0, 1.0]


def test_notes_of_the_files_come_first():
    found = listed(planted(notes=("ignored column 'x'",)), fixed(Popular()), QUICK)
    assert found.notes[0] == "ignored column 'x'"


def test_one_user_with_one_like_is_enough_for_every_model():
    world = world_of([("u", "x")], [("x", ["t"]), ("y", ["t"])])
    names = [algorithm.name for algorithm in RECOMMENDERS]
    found = recommend(world, names, replace(QUICK, similar=True))
    assert by_user(found.for_users.filter(model="tag_profile")) == {"u": ["y"]}
    assert by_user(found.for_users.filter(model="lightfm_hybrid")) == {"u": ["y"]}
    assert any("nobody has likes" in note for note in found.notes)
