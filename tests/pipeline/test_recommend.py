from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline import recommend as module
from pipeline.dataset.columns import ITEM_ID, LIKED_AT, USER_ID, WEIGHT
from pipeline.dataset.world import World
from pipeline.errors import InputError
from pipeline.recommend import RECOMMENDED_SCHEMA, SIMILAR_SCHEMA, Fitting, Wanted, recommend
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.recommenders.tuning import Budget

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


def fixed(*models) -> list[Wanted]:
    return [Wanted(model, tuned=False) for model in models]


def by_user(frame: pl.DataFrame) -> dict[str, list[str]]:
    return dict(frame.group_by("user_handle", maintain_order=True).agg("item_id").iter_rows())


def test_every_user_gets_ranked_rows_of_each_model():
    world = planted()
    found = recommend(world, fixed(*(a() for a in RECOMMENDERS)), QUICK)
    frame = found.for_users
    assert dict(frame.schema) == RECOMMENDED_SCHEMA
    assert frame.columns == ["user_handle", "rank", "item_id", "score", "model"]
    for algorithm in RECOMMENDERS:
        rows = frame.filter(model=algorithm.name)
        assert rows["user_handle"].n_unique() == 40
        ranks = rows.group_by("user_handle").agg("rank", pl.col("score"))
        for _, listed, scores in ranks.iter_rows():
            assert listed == list(range(1, len(listed) + 1))
            assert scores == sorted(scores, reverse=True)
    liked = world.likes.rename({USER_ID: "user_handle"}).select("user_handle", "item_id")
    assert frame.join(liked, on=["user_handle", "item_id"]).is_empty()
    assert frame.select("user_handle", "item_id", "model").is_unique().all()
    assert found.similar is None


def test_cold_items_come_from_the_models_that_can():
    frame = recommend(
        planted(), fixed(*(a() for a in RECOMMENDERS)), replace(QUICK, k=50)
    ).for_users
    cold = frame.filter(pl.col("item_id").str.ends_with("-99"))
    assert set(cold["model"]) == {"lightfm_hybrid", "tag_profile"}
    tagged = cold.filter(model="tag_profile")
    assert len(tagged) == 40
    assert (tagged["user_handle"].str.head(1) == tagged["item_id"].str.head(1)).all()


def test_an_item_of_the_likes_alone_is_listed_too():
    frame = recommend(planted(), fixed(Popular()), replace(QUICK, k=50)).for_users
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
    found = recommend(world, fixed(*(a() for a in RECOMMENDERS)), replace(QUICK, similar=True))
    assert set(found.for_users["item_id"]) <= {"b-3", "b-99", "a-1"}
    assert set(found.similar["similar_item_id"]) <= {"b-3", "b-99", "a-1"}
    assert found.similar["item_id"].n_unique() > 10


def test_a_model_that_can_score_no_candidate_gives_no_rows_and_says_so():
    world = planted(candidates=pl.Series(["a-99", "b-99"]))
    found = recommend(world, fixed(Popular(), SMALL, TagProfile()), QUICK)
    assert set(found.for_users["model"]) == {"tag_profile"}
    for name in ("popular", "lightfm_cf"):
        assert f"{name}: no rows: it can score none of the candidates" in found.notes
    assert not any(note.startswith("tag_profile: no rows") for note in found.notes)


def test_candidates_that_nobody_knows_give_no_rows_at_all():
    found = recommend(planted(candidates=pl.Series(["x"])), fixed(Popular()), QUICK)
    assert found.for_users.is_empty()
    assert dict(found.for_users.schema) == RECOMMENDED_SCHEMA


def test_without_items_the_tag_profile_has_no_rows_and_the_hybrid_is_the_cf():
    bare = replace(planted(), items=None)
    found = recommend(bare, fixed(SMALL, LightfmHybrid(factors=4, epochs=3), TagProfile()), QUICK)
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
    found = recommend(world_of(likes), fixed(Popular()), QUICK)
    assert by_user(found.for_users) == {"u": ["y"]}
    assert any("1 of 2 users have no list" in note for note in found.notes)


def test_validation_pairs_are_taken_out_while_parameters_are_chosen(monkeypatch):
    world = planted()
    pairs = world.likes.filter(pl.col(USER_ID) == "a01").head(2)
    extra = world_of([("a02", "b-0")]).likes.vstack(pairs)
    seen = []

    def spy(model, train, validation, **more):
        seen.append((train, validation))
        return tuned(model, train, validation, **more)

    tuned = module.tune
    monkeypatch.setattr(module, "tune", spy)
    recommend(replace(world, validation=extra), [Wanted(SMALL, tuned=True)], QUICK)
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
    recommend(everything, [Wanted(SMALL, tuned=True)], QUICK)
    assert sizes == [len(world.likes)]


def test_without_validation_a_tenth_of_each_users_likes_chooses():
    found = recommend(planted(), [Wanted(LightfmCf(factors=4), tuned=True)], QUICK)
    assert len(found.trials) == 3
    assert found.trials["n_users"].to_list() == [40] * 3
    chosen = found.trials.filter("chosen")
    assert len(chosen) == 1
    assert f'"epochs": {found.models[0].parameters["epochs"]},' in chosen["parameters"][0]


def test_validation_pairs_of_unknown_ids_are_counted():
    validation = world_of([("a01", "nowhere"), ("nobody", "a-1"), ("a03", "b-4")]).likes
    found = recommend(replace(planted(), validation=validation), [Wanted(SMALL, tuned=True)], QUICK)
    assert any(note.startswith("2 of 3 validation pairs") for note in found.notes)


def test_the_budget_is_shared_by_the_models_that_wait(monkeypatch):
    shares = []

    def spy(model, train, validation, *, budget, **more):
        shares.append(budget.seconds)
        now[0] += 10.0
        return module.Tuned.untried(model)

    now = [0.0]
    monkeypatch.setattr(module, "tune", spy)
    wanted = [Wanted(SMALL, tuned=True), *fixed(Popular()), Wanted(LightfmHybrid(), tuned=True)]
    fitting = replace(QUICK, budget=Budget(100.0, None, lambda: now[0]))
    recommend(planted(), wanted, fitting)
    assert shares == [50.0, 90.0]
    now[0] = 0.0
    shares.clear()
    recommend(planted(), [Wanted(SMALL, tuned=True), Wanted(Popular(), tuned=True)], fitting)
    assert shares[0] == 100.0  # Popular has nothing to choose: it takes no part


def test_weights_are_damped_and_count():
    likes = [("u", "x", 1000.0), ("v", "x", 1.0), ("v", "y", 1.0), ("w", "y", 1.0), ("w", "z", 0.0)]
    frame = recommend(world_of(likes), fixed(Popular()), replace(QUICK, k=9)).for_users
    scores = dict(frame.select("item_id", "score").unique().iter_rows())
    assert set(scores) == {"x", "y"}  # a weight of 0 is no like, though it is seen
    damped = np.log1p([1000.0, 1, 1, 1, 0])
    unit = len(damped) / damped.sum()
    assert scores["x"] == pytest.approx((damped[0] + damped[1]) * unit, rel=1e-5)


def test_weights_of_zero_everywhere_are_a_fault():
    with pytest.raises(InputError, match="0 in every row"):
        recommend(world_of([("u", "x", 0.0)]), fixed(Popular()), QUICK)


def test_equal_weights_are_ones():
    frame = recommend(
        world_of([("u", "x", 5.0), ("v", "y", 5.0)]), fixed(Popular()), QUICK
    ).for_users
    assert frame["score"].to_list() == [1.0, 1.0]


def test_notes_of_the_files_come_first():
    found = recommend(planted(notes=("ignored column 'x'",)), fixed(Popular()), QUICK)
    assert found.notes[0] == "ignored column 'x'"


def test_one_user_with_one_like_is_enough_for_every_model():
    world = world_of([("u", "x")], [("x", ["t"]), ("y", ["t"])])
    wanted = [Wanted(algorithm(), tuned=True) for algorithm in RECOMMENDERS]
    found = recommend(world, wanted, replace(QUICK, similar=True))
    assert by_user(found.for_users.filter(model="tag_profile")) == {"u": ["y"]}
    assert by_user(found.for_users.filter(model="lightfm_hybrid")) == {"u": ["y"]}
    assert any("nobody has likes" in note for note in found.notes)
