"""What browsing routes list, against what a plain reading of the curated tables says."""

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deny import deny_list_path
from pipeline.slugs import slug
from serving.lists.shuffling import MAX_SEED
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

ORDERS = ("popular", "trending", "latest", "random?seed=5")
HOSTILE = (
    *("\0", "a\0b", ".*", "(((", "[a-", "%", "%00", "\\", "'; DROP TABLE items; --", "\n", " "),
    *("\u202ecat", "../../etc/passwd", "\ufffd", "🙂" * 50, "a" * 200, "{{7*7}}", "<script>", "٣"),
)


def url(path, **query):
    joiner = "&" if "?" in path else "?"
    return f"/v1/{SITE}/{path}{joiner}{urlencode(query, doseq=True)}"


def pages(client, path, k=7, **query):
    """Every page of a list."""
    cursor = {}
    for _ in range(100):
        answer = client.get(url(path, k=k, **query, **cursor))
        assert answer.status_code == 200, answer.text
        yield answer.json()
        if answer.json()["next_cursor"] is None:
            return
        cursor = {"cursor": answer.json()["next_cursor"]}
    raise AssertionError("the list has no end")


def listed(client, path, **query):
    return [item for page in pages(client, path, **query) for item in page["items"]]


def ids(items):
    return [item["item_id"] for item in items]


class Plain(dict):
    def __repr__(self):
        return "curated items"


@pytest.fixture(scope="session")
def plain(odd_site):
    """Curated items by id, with their likes and the slugs of their groups."""
    likes = odd_site.likes.group_by("item_id").len()
    counts = dict(likes.rows())
    rows = {
        row["item_id"]: {
            **row,
            "likes": counts.get(row["item_id"], 0),
            "tag": {slug(tag) for tag in row["tags"]},
            "category": {slug(name) for name in row["categories"]},
            "creator": {slug(row["creator"])} if row["creator"] else set(),
        }
        for row in odd_site.items.rows(named=True)
    }
    return Plain(rows)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "tag": st.lists(st.sampled_from(["cat", "boat", "tree", "robot", "castle"]), max_size=2),
        "category": st.lists(st.sampled_from(["animals", "places"]), max_size=2),
        "creator": st.lists(st.sampled_from(["artist-0", "artist-3"]), max_size=1),
    },
)


def admits(item, filters):
    return all(set(slugs) <= item[kind] for kind, slugs in filters.items())


@settings(max_examples=60, deadline=None)
@given(order=st.sampled_from(ORDERS), filters=FILTERS, k=st.integers(1, 100))
def test_filters_are_those_of_brute_force_on_every_page(client, plain, order, filters, k):
    found = ids(listed(client, order, k=k, **filters))
    if "random" not in order:  # which shuffles what is left
        whole = ids(listed(client, order))
        assert found == [item_id for item_id in whole if item_id in set(found)]
    assert sorted(found) == sorted(
        item_id for item_id, item in plain.items() if admits(item, filters)
    )


def test_brute_force_would_see_a_wrong_filter(plain):
    assert {admits(item, {"tag": ["cat"]}) for item in plain.values()} == {True, False}
    assert not admits({"tag": {"cat"}}, {"tag": ["cat", "boat"]})


@pytest.mark.parametrize("order", ORDERS)
def test_pages_are_ranked_on_and_hold_every_item_once(client, plain, order):
    items = listed(client, order, k=3)
    assert [item["rank"] for item in items] == list(range(1, len(plain) + 1))
    assert sorted(ids(items)) == sorted(plain)
    assert {item["source"] for item in items} == {order.split("?")[0]}


def test_popular_items_have_their_likes_for_a_score(client, plain):
    items = listed(client, "popular")
    assert [item["score"] for item in items] == [plain[i["item_id"]]["likes"] for i in items]
    assert [i["score"] for i in items] == sorted((i["score"] for i in items), reverse=True)


def test_latest_items_were_published_last(client, plain):
    found = [plain[item_id] for item_id in ids(listed(client, "latest"))]
    times = [item["published_at"] or item["first_seen_at"] for item in found]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) > 30


def test_trending_items_are_liked_of_late(client, odd_site, plain):
    """The order is that of likes that halve in 30 days, counted by hand."""
    newest = odd_site.likes["liked_at"].max()
    worth = dict.fromkeys(plain, 0.0)
    for item_id, liked_at in odd_site.likes.select("item_id", "liked_at").rows():
        worth[item_id] += 0.5 ** ((newest - liked_at).total_seconds() / (30 * 86_400))
    found = ids(listed(client, "trending"))
    by_hand = [round(worth[item_id], 5) for item_id in found]
    assert by_hand == sorted(by_hand, reverse=True)
    assert found != ids(listed(client, "popular"))


def test_a_seed_names_an_order(client):
    first, again, other = (ids(listed(client, "random", seed=s)) for s in (1, 1, 2))
    assert first == again != other
    assert first != ids(listed(client, "popular"))


def test_without_a_seed_one_is_chosen_and_named_and_nobody_keeps_the_answer(client):
    answers = [client.get(url("random", k=5)) for _ in range(4)]
    assert len({answer.json()["seed"] for answer in answers}) > 1
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    one = answers[0].json()
    assert client.get(url("random", k=5, seed=one["seed"])).json() == one
    assert "etag" in client.get(url("random", k=5, seed=1)).headers


def test_a_random_list_goes_on_by_its_seed_only(client):
    cursor = client.get(url("random", k=5)).json()["next_cursor"]
    answer = client.get(url("random", cursor=cursor))
    assert answer.status_code == 422
    assert [fault["name"] for fault in answer.json()["errors"]] == ["seed"]
    assert client.get(url("random", cursor=cursor, seed=MAX_SEED)).status_code == 200
    assert client.get(url("random", seed=MAX_SEED + 1)).status_code == 422
    assert client.get(url("random", seed=-1)).status_code == 422


@settings(max_examples=40, deadline=None)
@given(q=st.sampled_from(["model", "modle 1", "cat", "artist 3", "café"]), filters=FILTERS)
def test_a_search_under_filters_is_the_part_of_it_that_they_admit(client, plain, q, filters):
    whole = ids(listed(client, "search", q=q))
    found = ids(listed(client, "search", q=q, k=4, **filters))
    assert found == [item_id for item_id in whole if admits(plain[item_id], filters)]
    assert whole


def test_search_finds_by_misspelt_title_tag_and_creator(client, plain):
    first = client.get(url("search", q="Modle 12")).json()
    assert first["q"] == "Modle 12"
    assert first["items"][0]["title"] == "Model 12"
    assert first["items"][0]["source"] == "search"
    by_tag = listed(client, "search", q="castel")
    assert {"castle"} <= plain[by_tag[0]["item_id"]]["tag"]
    by_creator = listed(client, "search", q="artist 3")
    assert by_creator[0]["creator"] == "Artist 3"
    assert [item["score"] for item in by_tag] == sorted(
        (item["score"] for item in by_tag), reverse=True
    )


def test_completions_lead_somewhere(client):
    completions = client.get(url("autocomplete", q="CA", k=100)).json()["completions"]
    assert {"tag", "item"} <= {one["kind"] for one in completions}
    for one in completions:
        if one["kind"] == "item":
            found = client.get(url(f"items/{quote(one['item_id'], safe='')}")).json()
            assert found["title"] == one["text"]
            assert one["slug"] is None
        else:
            found = client.get(url(f"{one['kind']}s/{quote(one['slug'], safe='')}")).json()
            assert found["name"] == one["text"]
            assert one["item_id"] is None
    creators = client.get(url("autocomplete", q="artist", k=100)).json()["completions"]
    assert [one["slug"] for one in creators if one["kind"] == "creator"]


@pytest.mark.parametrize(("path", "kind"), [("tags", "tag"), ("categories", "category"),
                                            ("creators", "creator")])  # fmt: skip
def test_groups_hold_their_items(client, plain, path, kind):
    groups = [group for page in pages(client, path, k=2) for group in page["groups"]]
    by_slug = {}
    for item_id, item in plain.items():
        for name in item[kind]:
            by_slug.setdefault(name, set()).add(item_id)
    assert {group["slug"] for group in groups} == set(by_slug)
    likes = [group["like_count"] for group in groups]
    assert likes == sorted(likes, reverse=True)
    for group in groups:
        own = by_slug[group["slug"]]
        alone = client.get(url(f"{path}/{quote(group['slug'], safe='')}")).json()
        assert {name: alone[name] for name in group} == group
        assert group["item_count"] == len(own)
        assert group["like_count"] == sum(plain[item_id]["likes"] for item_id in own)
        items = listed(client, f"{path}/{quote(group['slug'], safe='')}/items", k=4)
        assert set(ids(items)) == own
        assert len(items) == len(own)
        assert [item["score"] for item in items] == sorted(
            (plain[item_id]["likes"] for item_id in own), reverse=True
        )


@pytest.mark.parametrize("path", ["tags", "categories", "creators"])
@pytest.mark.parametrize("tail", ["", "/items"])
@pytest.mark.parametrize("name", ["nothing", "Cat", "猫", "a%2Fb", "..%2f"])
def test_an_unknown_group_is_named(client, path, tail, name):
    answer = client.get(url(f"{path}/{name}{tail}"))
    assert answer.status_code == 404
    assert answer.json()["type"] == "/docs#unknown-group"


@pytest.mark.parametrize("order", [*ORDERS, "search?q=model", "tags/cat/items"])
def test_every_unknown_filter_is_named(client, order):
    answer = client.get(url(order, tag=["cat", "none"], creator="nobody"))
    assert answer.status_code == 404
    assert [(e["name"], e["value"]) for e in answer.json()["errors"]] == [
        ("tag", "none"), ("creator", "nobody"),
    ]  # fmt: skip


def test_many_items_come_in_the_order_of_their_ids(client):
    asked = ["item-004", *ODD_IDS, "none/such", "item-001", "item-004"]
    answer = client.get(url("items", ids=asked)).json()
    assert ids(answer["items"]) == ["item-004", *ODD_IDS, "item-001"]
    assert answer["unknown"] == ["none/such"]
    alone = client.get(url("items/item-004")).json()
    assert {name: alone[name] for name in answer["items"][0]} == answer["items"][0]


def test_only_unknown_ids_are_an_error(client):
    answer = client.get(url("items", ids=["none", "nothing"]))
    assert answer.status_code == 404
    assert answer.json()["type"] == "/docs#unknown-item"
    assert "'none', 'nothing'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "faults"),
    [
        ("items", {"ids"}),
        ("items?" + "&".join(f"ids={n}" for n in range(101)), {"ids"}),
        ("items?ids=" + "a" * 513, {"ids", "ids.0"}),
        ("popular?k=0&more=1&cursor=%20", {"k", "more", "cursor"}),
        ("random?k=101&seed=x", {"k", "seed"}),
        ("search", {"q"}),
        ("search?q=", {"q"}),
        ("search?k=0&q=" + "a" * 201, {"q", "k"}),
        ("autocomplete?q=a&k=101&cursor=x", {"k", "cursor"}),
        ("tags?k=1000&tag=cat", {"k", "tag"}),
        ("resolve", {"url"}),
        ("resolve?more=1&url=" + "a" * 2049, {"url", "more"}),
        ("latest?" + "&".join("tag=cat" for _ in range(11)), {"tag"}),
    ],
)
def test_every_fault_is_named_at_once(client, path, faults):
    answer = client.get(f"/v1/{SITE}/{path}")
    assert answer.status_code == 422
    assert {fault["name"] for fault in answer.json()["errors"]} == faults


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_answered_or_refused(client, text):
    for path in (url("search", q=text), url("autocomplete", q=text), url("items", ids=text),
                 url("resolve", url=text), url("popular", tag=text), url("popular", cursor=text),
                 url(f"tags/{quote(text, safe='')}"),
                 url(f"tags/{quote(text, safe='')}/items")):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code in {200, 404, 422}, path
        json.loads(answer.content)


def test_bytes_that_are_no_text_are_refused(client):
    for path in (
        "search?q=%FF",
        "autocomplete?q=%ff%fe",
        "resolve?url=%FF",
        "tags/%FF",
        "items?ids=%FF",
    ):
        assert client.get(f"/v1/{SITE}/{path}").status_code in {200, 404, 422}


def test_a_link_names_its_item(client):
    link = "http://127.0.0.1:8000/3d-models/a-boat-item-003?x=1"
    answer = client.get(url("resolve", url=link)).json()
    assert answer["item_id"] == "item-003"
    assert answer["matched"] == "http://127.0.0.1:8000/3d-models/{slug}-{item_id}"
    unknown = client.get(url("resolve", url="https://evil.example/item-003"))
    assert unknown.status_code == 404
    assert unknown.json()["type"] == "/docs#unknown-link"
    assert answer["matched"] in unknown.json()["known"]


def test_an_answer_is_not_sent_twice(client):
    for path in (*ORDERS, "search?q=model", "tags", "tags/cat/items", "items?ids=item-003"):
        etag = client.get(url(path)).headers["etag"]
        assert client.get(url(path), headers={"If-None-Match": etag}).status_code == 304
        assert client.get(url(path, k=2) if path[0] != "i" else url(path, ids="a/b"),
                          headers={"If-None-Match": etag}).status_code == 200  # fmt: skip


def everything(client):
    """Bytes of every browsing route, and the ids of every item that is listed anywhere."""
    found = set()
    for path in (*ORDERS, "search?q=model", "search?q=artist", "search?q=cat boat"):
        found |= set(ids(listed(client, path, k=100)))
    for path in ("tags", "categories", "creators"):
        groups = [group for page in pages(client, path, k=100) for group in page["groups"]]
        for group in groups:
            items = listed(client, f"{path}/{quote(group['slug'], safe='')}/items", k=100)
            assert len(items) == group["item_count"] > 0
            found |= set(ids(items))
    for q in ("m", "a", "c", "model 1", "artist"):
        one = client.get(url("autocomplete", q=q, k=100)).json()["completions"]
        found |= {c["item_id"] for c in one if c["item_id"]}
    return found


def test_what_is_denied_is_nowhere(data, serve):
    with serve(data) as client:
        before = everything(client)
        slugs = {group["slug"] for p in pages(client, "tags", k=9) for group in p["groups"]}
    path = deny_list_path(data, SITE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('items = ["item-003"]\ncreators = ["Artist 2"]\ntags = ["CASTLE"]\n')
    with serve(data) as client:
        after = everything(client)
        left = {group["slug"] for p in pages(client, "tags", k=9) for group in p["groups"]}
        denied = {n for n in range(39) if n == 3 or n % 7 == 2 or n % 5 in {3, 4}}
        gone = {f"item-{n:03d}" for n in denied}
        assert gone <= before
        assert after == before - gone
        assert slugs - left == {"castle"}
        for item_id in gone:
            assert client.get(url("items", ids=item_id)).status_code == 404
            assert client.get(url("resolve", url=item_id)).status_code == 404
        assert client.get(url("creators/artist-2")).status_code == 404
        completions = client.get(url("autocomplete", q="castle")).json()["completions"]
        assert all(one["kind"] != "tag" for one in completions)
