import duckdb
import numpy as np
import pytest

from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.model_file import ModelFacts, SavedModel
from pipeline.snapshot.visitor_parts import Scorer, filled_visitor_parts, settings_of, wanted_by
from tests.factories import build_small_snapshot

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
        ("lightfm_cf", "lightfm_cf", 1.0, 0.1, 0.1, 1.0),
        ("tag_profile", "tag_profile", 1.0, None, None, None),
    ]
