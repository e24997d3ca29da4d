import numpy as np
import polars as pl
import pytest

from pipeline.dataset.matrix import dataset_from
from pipeline.listing import model_lists
from pipeline.recommenders.model_file import SavedModel
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile

PAIRS = pl.DataFrame(
    [("u1", "a"), ("u1", "b"), ("u2", "a"), ("u3", "c")],
    schema=["user_id", "item_id"],
    orient="row",
)
FEATURES = pl.DataFrame(
    {
        "item_id": ["a", "b", "cold"],
        "feature": ["tag:x"] * 3,
        "weight": [1.0] * 3,
    },
    schema_overrides={"weight": pl.Float32},
)


@pytest.fixture(scope="module")
def dataset():
    return dataset_from(
        PAIRS, item_ids=["cold"], item_features=FEATURES, user_ids=["no-interaction"]
    )


def _lists(dataset, model):
    saved = SavedModel.of(model, model.fit(dataset), dataset, seed=0, threads=1, fit_s=0.0)
    return model_lists(saved, dataset.user_items, 3, threads=1)


def test_every_user_has_a_row_and_nothing_they_like(dataset):
    lists = _lists(dataset, Popular())
    assert lists.user_ids.tolist() == ["no-interaction", "u1", "u2", "u3"]
    named = [[lists.item_ids[idx] for idx in row if idx >= 0] for row in lists.user_item_idxs]
    assert named == [["a", "b", "c"], ["c"], ["b", "c"], ["a", "b"]]


def test_model_that_knows_no_similarity_has_no_item_lists(dataset):
    lists = _lists(dataset, Popular())
    assert (len(lists.item_idxs), lists.item_item_idxs.shape) == (0, (0, 3))


def test_cold_item_is_listed_and_has_a_list_of_its_own(dataset):
    lists = _lists(dataset, TagProfile())
    cold = lists.item_ids.tolist().index("cold")
    assert cold in lists.item_idxs
    assert cold in lists.user_item_idxs[lists.user_ids.tolist().index("u2")]
    own = lists.item_item_idxs[np.flatnonzero(lists.item_idxs == cold)[0]]
    assert {lists.item_ids[idx] for idx in own if idx >= 0} == {"a", "b"}
