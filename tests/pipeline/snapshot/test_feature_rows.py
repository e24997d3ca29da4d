from __future__ import annotations

import numpy as np
import pytest

from pipeline.feature_sums import ComposedFactors, ItemVectors
from pipeline.recommenders.base import PublishedFeatures
from pipeline.snapshot import feature_rows
from pipeline.snapshot.feature_rows import Features, Places, filled_features
from pipeline.snapshot.fold_ins import ModelFoldIn, filled_fold_in

NAMES = ("creator:Ann", "tag:cat", "tag:low poly")
# a: cat .6, low poly .8; b: Ann 1; c: nothing; d: cat 1
ROWS = (
    np.array([0, 2, 3, 3, 4]),
    np.array([1, 2, 0, 1], np.int32),
    np.array([0.5, 0.75, 1, 1], np.float32),
)
LIKES = np.array([1, 0.5, 1, 0.25], np.float32)
VECTORS = PublishedFeatures(NAMES, ItemVectors(*ROWS, LIKES, 3))
TABLES = [np.arange(2 * n, dtype=np.float32).reshape(n, 2) for n in (3, 4, 2)]
COMPOSED = PublishedFeatures(NAMES, ComposedFactors(*ROWS, *TABLES))
NONE = np.array([], np.str_)
PEOPLE = np.array(["u", "v"])
ALL = Places(np.arange(4, dtype=np.int32), PEOPLE, np.ones(2, bool))
WITHOUT_B = Places(np.array([0, -1, 1, 2], np.int32), PEOPLE, np.array([False, True]))


def rows_of(published, places, features=None):
    found = {}
    for name, table in filled_features("m", published, places, features or Features()):
        found.setdefault(name, []).extend(tuple(row.values()) for row in table.to_pylist())
    return found


@pytest.mark.parametrize("batch", [1, 8192])
def test_vectors_by_hand(monkeypatch, batch):
    monkeypatch.setattr(feature_rows, "_BATCH_ROWS", batch)
    features = Features()
    assert rows_of(VECTORS, ALL, features) == {
        "item_vectors": [
            ("m", 0, [1, 2], [0.5, 0.75], 1.0),
            ("m", 1, [0], [1.0], 0.5),
            ("m", 3, [1], [1.0], 0.25),
        ]
    }
    assert [tuple(row.values()) for row in features.table.to_pylist()] == [
        (0, "creator", "Ann", "ann"),
        (1, "tag", "cat", "cat"),
        (2, "tag", "low poly", "low-poly"),
    ]


def test_what_is_gone_leaves_no_row_and_no_name():
    features = Features()
    rows = rows_of(COMPOSED, WITHOUT_B, features)
    assert rows == {
        "item_vectors": [("m", 0, [0, 1], [0.5, 0.75], None), ("m", 2, [0], [1.0], None)],
        "feature_factors": [("m", 0, [2], 3), ("m", 1, [4], 5)],
        "own_factors": [("m", 0, [0], 1), ("m", 1, [4], 5), ("m", 2, [6], 7)],
        "user_factors": [("m", "v", [2], 3)],
    }
    assert features.table["name"].to_pylist() == ["cat", "low poly"], "Ann made b alone"


def test_models_share_the_positions_of_features():
    features = Features()
    rows_of(VECTORS, WITHOUT_B, features)
    rows = rows_of(VECTORS, ALL, features)
    assert [row[2] for row in rows["item_vectors"]] == [[0, 1], [2], [0]]
    assert features.table["feature_idx"].to_pylist() == [0, 1, 2]


def test_a_snapshot_without_features_has_an_empty_table():
    assert Features().table.num_rows == 0


def test_visitors_that_a_model_learned_from_are_no_people_of_the_snapshot():
    made = ModelFoldIn(
        model="m",
        item_ids=np.array(["a", "b", "c", "d"]),
        weights=None,
        factors=None,
        features=COMPOSED,
        user_ids=np.array(["u", "visitor"]),
    )
    rows = filled_fold_in(made, made.item_ids, NONE, np.array(["u", "w"]), Features())
    people = [table for name, table in rows if name == "user_factors"]
    assert [table["user_id"].to_pylist() for table in people] == [["u"]]
