from __future__ import annotations

import duckdb
import numpy as np
import pytest

from pipeline.errors import SnapshotError
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.snapshot import fold_ins
from pipeline.snapshot.feature_rows import Features
from pipeline.snapshot.fold_ins import ModelFoldIn, filled_fold_in, filled_shares
from tests.factories import N_ITEMS, SmallSite, build_small_snapshot

IDS = np.array(["a", "b", "c", "d"])
NONE = np.array([], dtype=np.str_)
# a: b .5, c -1; b: nothing; c: a 2; d: c 3
WEIGHTS = ItemWeights(
    np.array([0, 2, 2, 3, 4]), np.array([1, 2, 0, 2]), np.array([0.5, -1, 2, 3], np.float32)
)
FACTORS = ItemFactors(np.array([[1, 2], [0, 0], [3, 4], [0, 5]], np.float32), 0.1, 0.1, 1.0)
MADE = ModelFoldIn(model="m", item_ids=IDS, weights=WEIGHTS, factors=FACTORS)


def rows_of(made, item_ids, gone) -> dict[str, list[tuple]]:
    found: dict[str, list[tuple]] = {"item_weights": [], "item_factors": []}
    for name, table in filled_fold_in(made, item_ids, gone, NONE, Features()):
        found[name] += [tuple(row.values()) for row in table.to_pylist()]
    return found


@pytest.mark.parametrize("batch", [1, 3, 8192])
def test_rows_by_hand(monkeypatch, batch):
    monkeypatch.setattr(fold_ins, "_BATCH_ROWS", batch)
    rows = rows_of(MADE, IDS, NONE)
    assert rows["item_weights"] == [
        ("m", 0, [1, 2], [0.5, -1.0]),
        ("m", 2, [0], [2.0]),
        ("m", 3, [2], [3.0]),
    ]
    assert rows["item_factors"] == [("m", 0, [1, 2]), ("m", 2, [3, 4]), ("m", 3, [0, 5])]


def test_what_is_gone_leaves_rows_columns_and_factors():
    rows = rows_of(MADE, np.array(["a", "b", "d"]), np.array(["c"]))
    assert rows["item_weights"] == [("m", 0, [1], [0.5])], "c's row and d's only weight went"
    assert rows["item_factors"] == [("m", 0, [1, 2]), ("m", 2, [0, 5])]


def test_shares_are_those_of_the_items_that_stay():
    shares = np.arange(4, dtype=np.float32), np.ones(4, np.float32)
    rows = filled_shares("m", shares, IDS, np.array(["b"])).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("m", 0, 0, 1), ("m", 1, 2, 1), ("m", 2, 3, 1)]


def test_a_model_of_other_items_is_refused():
    with pytest.raises(SnapshotError, match="m was fitted on 4 items, the snapshot has 3"):
        rows_of(MADE, IDS[:3], NONE)


def test_a_model_that_cannot_score_visitors_gives_no_rows():
    made = ModelFoldIn(model="m", item_ids=IDS, weights=None, factors=None)
    assert rows_of(made, IDS, NONE) == {"item_weights": [], "item_factors": []}


def test_a_snapshot_scores_visitors_as_the_model_does(tmp_path):
    built = build_small_snapshot(tmp_path)
    made = list(SmallSite().fold_ins())[2]
    with duckdb.connect(built.path, read_only=True) as connection:
        rows = connection.execute(
            "SELECT item_idx, item_idxs, weights FROM item_weights WHERE model = 'tag_profile'"
        ).fetchall()
        n_factors = connection.execute("SELECT count(*) FROM item_factors").fetchall()
    dense = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    for item, listed, weights in rows:
        dense[item, listed] = weights
    likes = np.array([0, 5, 7])
    wanted = made.weights.scores(np.array([0, 3]), likes, np.ones(3, np.float32))
    np.testing.assert_allclose(dense[likes].sum(axis=0), wanted[0], rtol=1e-6)
    assert n_factors == [(N_ITEMS - 1,)], "an item without factors has no row"
