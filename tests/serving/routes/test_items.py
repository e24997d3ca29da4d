from urllib.parse import quote

import duckdb
import numpy as np
import pytest

from tests.factories import NOW, SITE, K


def path_of(item_id):
    return f"/v1/{SITE}/items/{quote(item_id, safe='')}"


@pytest.fixture(scope="session")
def rows(odd_snapshot):
    """Lists as an SQL reader sees them: {(subject, model): [(id, score), ...]}."""
    lists = {}
    with duckdb.connect(odd_snapshot[1].path, read_only=True) as con:
        for subject, model, item_id, score in con.sql(
            "SELECT item_id, model, similar_item_id, score FROM similar_items "
            "ORDER BY item_id, model, rank"
        ).fetchall():
            lists.setdefault((subject, model), []).append((item_id, score))
    return lists


def own(answer):
    """Items that the model lists; the others were filled in."""
    return [item for item in answer["items"] if item["source"] != "popular"]


def listed(answer):
    return [(item["item_id"], np.float32(item["score"])) for item in own(answer)]


def test_every_id_is_found_however_odd(client, odd_site):
    for item_id in odd_site.item_ids:
        if item_id != "..":  # a client takes it for a step up, encoded or not
            assert client.get(path_of(item_id)).json()["item_id"] == item_id


def test_every_odd_id_has_its_own_similar_items(client, odd_site, rows):
    for item_id in odd_site.item_ids:
        if item_id == "..":
            continue
        for model in ("lightfm_cf", "tag_profile"):
            answer = client.get(f"{path_of(item_id)}/similar?model={model}&k=100").json()
            assert answer["item_id"] == item_id
            assert listed(answer) == [
                (other, np.float32(score)) for other, score in rows[item_id, model]
            ]


def test_an_unencoded_slash_is_another_path(client):
    assert client.get(f"/v1/{SITE}/items/a/b").status_code == 404
    assert client.get(f"/v1/{SITE}/items/a%2Fb").status_code == 200


def test_items_are_ranked_from_one_by_falling_score(client):
    answer = client.get(f"{path_of('item-003')}/similar").json()
    items = answer["items"]
    assert [item["rank"] for item in items] == list(range(1, 21))
    scores = [item["score"] for item in own(answer)]
    assert len(scores) == K
    assert scores == sorted(scores, reverse=True)
    assert {item["score"] for item in items[K:]} == {None}
    assert "item-003" not in {item["item_id"] for item in items}


@pytest.mark.parametrize(("query", "n"), [("?k=1", 1), ("?k=7", 7), ("?k=100", 39), ("", 20)])
def test_k_bounds_the_list(client, query, n):
    assert len(client.get(f"{path_of('item-003')}/similar{query}").json()["items"]) == n


def test_a_shorter_list_begins_a_longer_one(client):
    path = f"{path_of('item-003')}/similar"
    assert client.get(f"{path}?k=3").json()["items"] == client.get(path).json()["items"][:3]


def test_cards_are_those_of_the_items(client):
    first = client.get(f"{path_of('item-003')}/similar?k=1").json()["items"][0]
    item = client.get(path_of(first["item_id"])).json()
    of_list = {"rank", "score", "source"}
    assert {name: item[name] for name in first if name not in of_list} == {
        name: value for name, value in first.items() if name not in of_list
    }


def test_an_item_is_told_in_full(client, odd_site):
    number = 5
    item_id = odd_site.item_ids[number]
    told = client.get(path_of(item_id)).json()
    curated = odd_site.items.row(number, named=True)
    for name in ("item_id", "title", "creator", "license", "url", "tags", "categories"):
        assert told[name] == curated[name]
    assert told["thumbnails"] == curated["thumbnails"]
    assert told["first_seen_at"] == NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_model_without_such_lists_is_named_with_those_that_have_them(client):
    for model in ("popular", "nope", "%22"):
        answer = client.get(f"{path_of('item-003')}/similar?model={model}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "/docs#unknown-model"
        assert answer.json()["known"] == ["lightfm_cf", "tag_profile"]


def test_the_first_model_in_order_answers_an_unnamed_request(client):
    assert client.get(f"{path_of('item-003')}/similar").json()["model"] == "lightfm_cf"


def test_the_operators_default_answers_an_unnamed_request(data, serve):
    with serve(data, default_model="tag_profile") as client:
        assert client.get(f"{path_of('item-003')}/similar").json()["model"] == "tag_profile"
        models = client.get(f"/v1/{SITE}/models").json()
        assert models["defaults"] == dict.fromkeys(("similar", "recommendations"), "tag_profile")


def test_an_unknown_item_is_named(client):
    for tail in ("", "/similar"):
        answer = client.get(path_of("no/such") + tail)
        assert answer.status_code == 404
        assert answer.json()["type"] == "/docs#unknown-item"
        assert "no/such" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("diversity=nan", "diversity"),
        ("diversity=1.1", "diversity"),
        ("explain=maybe", "explain"),
        ("tag=", "tag.0"),
        ("&".join(["tag=a"] * 11), "tag"),
        ("&".join(["exclude=a"] * 201), "exclude"),
        ("cursor=" + "x" * 65, "cursor"),
        ("cursor=x", "cursor"),
        ("exclude_seen=true", "exclude_seen"),
    ],
)
def test_what_a_list_cannot_be_asked_is_named(client, query, name):
    for _ in range(2):
        answer = client.get(f"{path_of('item-003')}/similar?{query}")
        assert answer.status_code == 422
        assert [fault["name"] for fault in answer.json()["errors"]] == [name]


def test_a_filtered_list_is_paged_to_its_end(client):
    path = f"{path_of('item-003')}/similar?tag=cat&category=places&exclude=item-010&k=2"
    items, cursor = [], ""
    while cursor is not None:
        answer = client.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        items += answer["items"]
        cursor = answer["next_cursor"]
    cards = [client.get(path_of(item["item_id"])).json() for item in items]
    assert len(items) > 4
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    assert len({item["item_id"] for item in items} - {"item-003", "item-010"}) == len(items)
    assert all({"cat", "Cat"} & {*card["tags"]} for card in cards)
    assert all(card["categories"] == ["Places"] for card in cards)


def test_a_cursor_of_another_snapshot_is_stale(client, data, serve):
    cursor = client.get(f"{path_of('item-003')}/similar?k=1").json()["next_cursor"]
    with serve(data) as other:
        answer = other.get(f"{path_of('item-003')}/similar?k=1&cursor={cursor}")
        assert (answer.status_code, answer.json()["type"]) == (409, "/docs#stale-cursor")
