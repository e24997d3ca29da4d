from dataclasses import replace

import duckdb
import numpy as np
import pytest

from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.model_file import ModelFacts, SavedModel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.snapshot import build
from pipeline.snapshot.visitor_parts import (
    Scorer,
    Settings,
    Wanted,
    filled_visitor_parts,
    settings_of,
    wanted_by,
)
from tests.factories import NOW, SITE, SmallSite, build_small_snapshot

GRAPH, ALS = ItemGraph(neighbours=50), Ials(factors=8)
BLEND = Blend.of({"item_graph": 1, "ials": 0.5}, [GRAPH, ALS])


def saved(settings, *, seed=0, data="ab" * 32):
    facts = ModelFacts(
        model=settings.name,
        parameters=settings.described,
        seed=seed,
        threads=1,
        fitted_at="2026-11-21T00:00:00+00:00",
        fit_s=1.0,
        data_sha256=data,
    )
    none = np.empty(0, np.str_)
    return SavedModel(None, facts, none, none)


def parts_of(model, *scorers, **facts):
    """{part: weight} of a model beside models that score visitors themselves."""
    made = [Scorer(one.name, settings_of(saved(one, **facts)), None) for one in scorers]
    rows = filled_visitor_parts(made, {model.name: wanted_by(saved(model))}).to_pylist()
    return {row["part"]: row["weight"] for row in rows if row["model"] == model.name}


@pytest.mark.parametrize(
    "model",
    [BLEND, Hybrid(collaborative=BLEND), Best(winner=BLEND), Best(Hybrid(collaborative=BLEND))],
)
def test_blends_hybrids_and_best_name_the_published_models_that_they_are_made_of(model):
    assert parts_of(model, GRAPH, ALS) == {"item_graph": 1.0, "ials": 0.5}


def test_a_part_that_is_not_published_with_the_same_settings_is_left_out():
    assert parts_of(BLEND, GRAPH, Ials(factors=9)) == {"item_graph": 1.0}
    assert parts_of(BLEND, ALS) == {"ials": 0.5}
    assert parts_of(BLEND, GRAPH, ALS, seed=1) == {}
    assert parts_of(BLEND, GRAPH, ALS, data="cd" * 32) == {}


TAGS = TagProfile(flatness=0.5)
BOTH = Hybrid(collaborative=BLEND, content=(TAGS,), tag_kernel=0, tag_factors=0, tag_profile=2)


def sides_of(model, *scorers):
    made = [Scorer(one.name, settings_of(saved(one)), None) for one in scorers]
    rows = filled_visitor_parts(made, {model.name: wanted_by(saved(model))}).to_pylist()
    return {row["part"]: row["side"] for row in rows if row["model"] == model.name}


@pytest.mark.parametrize("model", [BOTH, Best(winner=BOTH)])
def test_a_hybrid_has_two_sides_where_its_models_of_features_are_published(model):
    both = {"item_graph": "likes", "ials": "likes", "tag_profile": "features"}
    assert sides_of(model, GRAPH, ALS, TAGS) == both
    assert parts_of(model, GRAPH, ALS, TAGS) == {"item_graph": 1.0, "ials": 0.5, "tag_profile": 2.0}
    assert sides_of(model, GRAPH, TAGS) == {"item_graph": "likes", "tag_profile": "features"}


def test_a_hybrid_is_its_collaborative_model_where_they_are_not():
    assert sides_of(BOTH, GRAPH, TagProfile()) == {"item_graph": None}
    more = replace(BOTH, tag_kernel=0.1)
    assert sides_of(more, GRAPH, TAGS) == {"item_graph": None}
    assert sides_of(BOTH, TAGS) == {}


@pytest.mark.parametrize("same", [True, False])
def test_what_is_published_already_is_not_stored_twice(tmp_path, same):
    site = SmallSite()
    popular, _, tagged = site.fold_ins()
    own = Settings("item_graph", {}, 0, "ab")
    named = replace(tagged, settings=own, wanted=(Wanted(own, 1.0),))
    wanted = Wanted(own if same else replace(own, seed=1), 1.0)
    settings = Settings("best", {}, 0, "ab")
    winner = replace(popular, weights=tagged.weights, settings=settings, wanted=(wanted,))
    built = build(tmp_path, SITE, replace(site.contents(), fold_ins=[named, winner]), now=NOW)
    with duckdb.connect(built.path, read_only=True) as connection:
        stored = connection.execute("SELECT DISTINCT model FROM item_weights ORDER BY 1").fetchall()
        parts = connection.execute("SELECT model, part FROM visitor_parts ORDER BY 1").fetchall()
    if same:
        assert stored == [("tag_profile",)]
        assert parts == [("popular", "tag_profile"), ("tag_profile", "tag_profile")]
    else:
        assert stored == [("popular",), ("tag_profile",)]
        assert parts == [("popular", "popular"), ("tag_profile", "tag_profile")]


def test_a_whole_number_is_the_same_number():
    whole = Blend.of({"item_graph": 1}, [ItemGraph(left_exponent=1)])
    assert parts_of(whole, ItemGraph(left_exponent=1.0)) == {"item_graph": 1.0}


def test_a_model_that_scores_visitors_is_its_own_part():
    assert parts_of(GRAPH, GRAPH, ALS) == {"item_graph": 1.0}


def test_a_snapshot_says_how_its_factors_are_solved(tmp_path):
    built = build_small_snapshot(tmp_path)
    with duckdb.connect(built.path, read_only=True) as connection:
        rows = connection.execute("FROM visitor_parts ORDER BY ALL").fetchall()
    assert rows == [
        ("lightfm_cf", "lightfm_cf", 1.0, None, 0.1, 0.1, 1.0),
        ("tag_profile", "tag_profile", 1.0, None, None, None, None),
    ]
