import json

import numpy as np
import pytest

from serving.encoding import MAX_K, encoded_item, encoded_list
from tests.factories import SITE


@pytest.fixture
def snapshot(client):
    return client.catalog.snapshots[SITE]


def encode(snapshot, item_idxs, scores, subject=("item_id", "x")):
    return json.loads(
        encoded_list(
            snapshot,
            subject=subject,
            model="m",
            item_idxs=np.array(item_idxs, np.int32),
            scores=np.array(scores, np.float32),
        )
    )


def test_an_empty_list_is_an_empty_array(snapshot):
    assert encode(snapshot, [], [])["items"] == []


@pytest.mark.parametrize("score", [0.0, -1.5, 1e-30, 3e38, 0.1, 1 / 3])
def test_scores_come_back_to_the_bit(snapshot, score):
    (item,) = encode(snapshot, [3], [score])["items"]
    assert np.float32(item["score"]) == np.float32(score)


def test_the_longest_list_is_ranked_to_its_end(snapshot):
    items = encode(snapshot, np.arange(MAX_K) % 40, np.zeros(MAX_K))["items"]
    assert [item["rank"] for item in items] == list(range(1, MAX_K + 1))


def test_hostile_ids_stay_within_their_string(snapshot):
    subject = '"},{"\n</script>\u2028'
    assert encode(snapshot, [1], [1], ("user_id", subject))["user_id"] == subject


def test_an_item_is_one_object(snapshot):
    for item_idx, item_id in enumerate(snapshot.items.ids):
        assert json.loads(encoded_item(snapshot, item_idx))["item_id"] == item_id
