"""What the operator denies is in no answer of any route, and what is not denied still is."""

import re

from fastapi.routing import iter_route_contexts

from tests.factories import SITE, SmallSite

SMALL = SmallSite()
DENIED = 'items = ["item-002"]\ncreators = ["ARTIST 3"]\ntags = ["Castle"]'


def denied_ids():
    rows = SMALL.items.select("item_id", "creator", "tags").iter_rows()
    return {
        item_id
        for item_id, creator, tags in rows
        if item_id == "item-002" or creator == "Artist 3" or {"castle", "Castle"} & set(tags)
    }


FILLED = {
    "item_id": SMALL.item_ids,
    "user_id": SMALL.user_ids[:10],
    "model": ["popular"],
    "slug": ["cat", "artist-1", "animals", "castle", "artist-3"],
}
ASKED = {
    f"/v1/{SITE}/items": "?" + "&".join(f"ids={item_id}" for item_id in SMALL.item_ids),
    f"/v1/{SITE}/search": "?q=model&k=100",
    f"/v1/{SITE}/autocomplete": "?q=model&k=20",
    f"/v1/{SITE}/resolve": "?url=item-002",
}
LISTS = {"similar", "recommendations", "popular", "trending", "latest", "random", "items"}


def paths(app):
    """Every GET route of the JSON API, with several items, people and groups filled in."""
    for route in iter_route_contexts(app.routes):
        if "GET" in (route.methods or ()) and (route.path or "").startswith("/v1/{site}"):
            path = route.path.replace("{site}", SITE)
            query = "?k=100" if path.rpartition("/")[2] in LISTS else ""
            names = re.findall(r"\{(\w+)\}", path)
            for value in FILLED[names[0]] if names else [""]:
                yield re.sub(r"\{\w+\}", value, path) + ASKED.get(path, query)


def listed(client):
    """Ids of the items that stand in the answers to all of them, each with a path."""
    found = {}
    for path in paths(client.app):
        answer = client.get(path)
        assert answer.status_code < 500
        for item_id in re.findall(r'"item_id":"(item-\d+)"', answer.text):
            found.setdefault(item_id, path)
    return found


def deny(data):
    path = data / "deny" / f"{SITE}.toml"
    path.parent.mkdir()
    path.write_text(DENIED)


def test_without_a_list_every_item_is_shown_somewhere(data, serve):
    with serve(data) as client:
        assert set(listed(client)) == set(SMALL.item_ids)


def test_what_is_denied_is_in_no_answer(data, serve):
    deny(data)
    with serve(data) as client:
        shown = listed(client)
        out = denied_ids()
        assert {item_id: shown[item_id] for item_id in set(shown) & out} == {}
        assert set(shown) == set(SMALL.item_ids) - out
        for gone in ("tags/castle", "creators/artist-3", "items/item-002"):
            assert client.get(f"/v1/{SITE}/{gone}").status_code == 404


def test_a_list_is_taken_up_while_it_serves_and_a_broken_one_leaves_what_was(data, serve):
    with serve(data) as client:
        assert client.get(f"/v1/{SITE}/items/item-002").status_code == 200
        deny(data)
        client.refresh()
        assert client.get(f"/v1/{SITE}/items/item-002").status_code == 404
        (data / "deny" / f"{SITE}.toml").write_text("items = 3")
        client.refresh()
        assert client.get(f"/v1/{SITE}/items/item-002").status_code == 404
        assert "items is 3" in client.get("/health/ready").text


def test_groups_count_and_rank_what_is_left(data, serve):
    deny(data)
    with serve(data) as client:
        tags = client.get(f"/v1/{SITE}/tags?k=100").json()["groups"]
        assert tags
        for tag in tags:
            items = client.get(f"/v1/{SITE}/tags/{tag['slug']}/items?k=100").json()["items"]
            assert tag["item_count"] == len(items)
            assert tag["like_count"] == sum(item["like_count"] for item in items)
        counts = [tag["like_count"] for tag in tags]
        assert counts == sorted(counts, reverse=True)


def test_a_cursor_of_lists_before_a_denial_is_stale(data, serve):
    with serve(data) as client:
        cursor = client.get(f"/v1/{SITE}/popular?k=5").json()["next_cursor"]
        onward = f"/v1/{SITE}/popular?k=5&cursor={cursor}"
        assert client.get(onward).status_code == 200
        deny(data)
        client.refresh()
        assert client.get(onward).status_code == 409
