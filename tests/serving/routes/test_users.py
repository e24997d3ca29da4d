import numpy as np

from serving.settings import ServingSettings
from tests.factories import N_ITEMS, SITE, SmallSite


def recommended(client, user_id, query=""):
    return client.get(f"/v1/{SITE}/users/{user_id}/recommendations{query}")


def test_everyone_gets_the_lists_that_were_built(data, serve):
    site = SmallSite()
    with serve(data) as client:
        for model in ("popular", "lightfm_cf", "tag_profile"):
            lists = site.lists(model)
            for row, user_id in enumerate(site.user_ids):
                answer = recommended(client, user_id, f"?model={model}&k=100").json()
                idxs = lists.user_item_idxs[row]
                own = [item for item in answer["items"] if item["score"] is not None]
                assert answer["items"][: len(own)] == own
                assert [item["item_id"] for item in own] == [
                    site.item_ids[idx] for idx in idxs if idx >= 0
                ]
                assert answer["user_id"] == user_id
                scores = np.array([item["score"] for item in own], np.float32)
                assert np.array_equal(scores, lists.user_scores[row][idxs >= 0])


def test_nothing_liked_is_recommended(client, odd_site):
    liked = odd_site.likes.group_by("user_id").all().rows_by_key("user_id", named=True)
    for user_id in odd_site.user_ids:
        seen = set(liked[user_id][0]["item_id"])
        items = recommended(client, user_id, "?k=100").json()["items"]
        assert len(items) == N_ITEMS - len(seen)
        assert not seen & {item["item_id"] for item in items}


def test_no_cache_keeps_them(client, odd_site):
    answer = recommended(client, odd_site.user_ids[0])
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert "etag" in client.get(f"/v1/{SITE}/items/item-003").headers


def test_an_unknown_person_is_a_problem_that_repeats_no_id(client):
    answer = recommended(client, "f" * 32)
    assert answer.status_code == 404
    assert answer.json()["type"] == "/docs#unknown-user"
    assert "f" * 32 not in answer.text


def test_there_are_no_such_routes_unless_they_are_switched_on(data, serve):
    user_id = SmallSite().user_ids[0]
    with serve(data, user_routes=False) as client:
        answer, nowhere = recommended(client, user_id), client.get(f"/v1/{SITE}/people/x/y")
        assert answer.status_code == 404
        assert answer.json() == nowhere.json()
        assert not [path for path in client.app.openapi()["paths"] if "user" in path]
    with serve(data, user_routes=True) as client:
        assert recommended(client, user_id).status_code == 200
        assert [path for path in client.app.openapi()["paths"] if "user" in path]


def test_they_are_off_by_default():
    assert ServingSettings().user_routes is False
