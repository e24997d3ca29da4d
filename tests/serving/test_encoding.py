import json

import numpy as np
import pytest

from serving.encoding import MAX_K, encoded_item, encoded_page
from serving.lists.cursor import decode_cursor
from serving.lists.ranking import Page
from tests.serving.hand_made import card, snapshot_of

SNAPSHOT = snapshot_of(40)


def encode(item_idxs, scores, *, offset=0, next_offset=None, **more):
    page = Page(offset, np.array(item_idxs, np.int32), np.array(scores, np.float32), next_offset)
    told = {"about": {"model": "m", "item_id": "x"}, "source": "m", **more}
    return json.loads(encoded_page(SNAPSHOT, page, **told))


def test_an_empty_list_is_an_empty_array():
    answer = encode([], [])
    assert answer["items"] == []
    assert answer["next_cursor"] is None


@pytest.mark.parametrize("score", [0.0, -1.5, 1e-30, 3e38, 0.1, 1 / 3])
def test_scores_come_back_to_the_bit(score):
    (item,) = encode([3], [score])["items"]
    assert np.float32(item["score"]) == np.float32(score)


def test_the_longest_list_is_ranked_to_its_end():
    items = encode(np.arange(MAX_K) % 40, np.zeros(MAX_K))["items"]
    assert [item["rank"] for item in items] == list(range(1, MAX_K + 1))


def test_what_has_no_score_is_filled_in_and_ranked_on():
    items = encode([3, 4, 5], [1.5], offset=20)["items"]
    assert [(i["rank"], i["score"], i["source"]) for i in items] == [
        (21, 1.5, "m"),
        (22, None, "popular"),
        (23, None, "popular"),
    ]
    assert [i["item_id"] for i in items] == ["item-3", "item-4", "item-5"]


def test_a_card_follows_as_it_was_encoded():
    (item,) = encode([7], [1])["items"]
    assert item == {
        "rank": 1,
        "source": "m",
        "score": 1.0,
        **json.loads(b"{" + card("item-7", like_count=32)),
    }


def test_reasons_stand_with_their_items():
    items = encode([3, 4], [1.5], becauses=[[{"why": 1}], None])["items"]
    assert [item["because"] for item in items] == [[{"why": 1}], None]
    assert "because" not in encode([3], [1.5])["items"][0]


def test_the_cursor_is_of_this_snapshot():
    cursor = encode([3], [1], next_offset=21)["next_cursor"]
    assert decode_cursor(SNAPSHOT.edition, cursor) == 21


def test_hostile_names_stay_within_their_string():
    hostile = '"},{"\n</script>\u2028'
    answer = encode([1], [1], about={"user_id": hostile}, source=hostile)
    assert answer["user_id"] == hostile
    assert answer["items"][0]["source"] == hostile


def test_an_item_is_one_object():
    for item_idx, item_id in enumerate(SNAPSHOT.items.ids):
        assert json.loads(encoded_item(SNAPSHOT, item_idx))["item_id"] == item_id
