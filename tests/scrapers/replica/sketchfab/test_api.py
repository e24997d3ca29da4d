"""JSON routes: shapes, paging from both sides, filters and errors."""

from urllib.parse import quote

import polars as pl
import pytest

from scrapers.replica.world import read_world

MODEL_KEYS = {
    "uid", "name", "uri", "viewerUrl", "embedUrl", "likeCount", "viewCount", "publishedAt",
    "tags", "categories", "user", "thumbnails", "license",
}  # fmt: skip


def _followed(client, url):
    """Rows of all pages from `url` on, and the number of pages."""
    rows, pages = [], 0
    while url is not None:
        page = client.get(url).json()
        rows, pages, url = rows + page["results"], pages + 1, page["next"]
    return rows, pages


def _read_by_model(client, world):
    likes = []
    for item in world.items:
        rows, _ = _followed(client, f"/i/likes?model={quote(item.item_id, safe='')}")
        likes += [(row["uid"], item.item_id) for row in rows]
    return sorted(likes)


def _read_by_member(client, _world):
    likes = []
    people, _ = _followed(client, "/v3/search?type=users&count=24&cursor=")
    for person in people:
        rows, _ = _followed(client, f"/v3/users/{quote(person['uid'], safe='')}/likes")
        assert len(rows) == person["likeCount"]
        likes += [(person["uid"], row["uid"]) for row in rows]
    return sorted(likes)


def _truth(world):
    likes = pl.read_parquet(world.folder / "likes.parquet")
    return sorted(zip(likes["user_handle"], likes["item_id"], strict=True))


@pytest.mark.parametrize("read", [_read_by_model, _read_by_member])
def test_following_next_reads_exactly_the_likes(client, world, read):
    assert read(client, world) == _truth(world)


@pytest.mark.parametrize("read", [_read_by_model, _read_by_member])
def test_the_same_reading_shows_a_like_that_is_not_served(open_client, write_world, world, read):
    truth = _truth(world)
    likes = pl.read_parquet(world.folder / "likes.parquet")
    lacking = read_world(write_world(likes.slice(1)))
    assert set(truth) - set(read(open_client(lacking), lacking)) == {likes.row(0)[:2]}


def test_both_sides_show_the_same_times(client, world):
    by_item = {
        (row["uid"], "top"): row.get("likedAt")
        for row in _followed(client, "/i/likes?model=top")[0]
    }
    row = client.get("/v3/users/user%2F3/likes").json()["results"][0]
    assert row["likedAt"] == by_item["user/3", "top"] == "2026-01-01T03:00:00.000003Z"
    unlisted = client.get("/i/likes?model=unlisted").json()["results"]
    assert ["likedAt" in row for row in unlisted] == [False, False]


def test_likes_come_24_a_page_at_most_and_offsets_may_overlap(client):
    capped = client.get("/i/likes?model=top&count=1000").json()
    assert len(capped["results"]) == 24
    rows, pages = _followed(client, "/i/likes?model=top&count=24")
    assert (len(rows), pages) == (53, 3)
    overlapping = client.get("/i/likes?model=top&count=24&offset=20").json()["results"]
    assert overlapping[:4] == rows[20:24]
    assert set(rows[0]) == {"uid", "username", "displayName", "likedAt"}


def test_likes_of_a_cold_model_are_an_empty_last_page(client):
    assert client.get("/i/likes?model=cold").json() == {"results": [], "next": None}
    assert client.get("/i/likes?model=top&offset=53").json() == {"results": [], "next": None}


def test_the_listing_holds_every_model_once_most_liked_first(client, world):
    rows, pages = _followed(client, "/v3/models?sort_by=-likeCount&count=24&cursor=")
    assert [row["uid"] for row in rows] == [item.item_id for item in world.items]
    assert pages == 3
    assert all(set(row) == MODEL_KEYS for row in rows)


def test_cursors_lead_back_too(client):
    first = client.get("/v3/models?count=20").json()
    second = client.get(first["next"]).json()
    assert client.get(second["previous"]).json()["results"] == first["results"]
    assert second["cursors"]["previous"] in second["previous"]


def test_the_newest_models_come_first_when_asked_for(client):
    rows = client.get("/v3/models?sort_by=-publishedAt&count=2").json()["results"]
    assert [row["uid"] for row in rows] == ["cold", "top"]


@pytest.mark.parametrize(
    ("query", "uids"),
    [
        ("tags=red", ["top", "a-b-1"]),
        ("tags=red&tags=tall-tree", ["top"]),
        ("categories=cars", ["a-b-1"]),
        ("categories=cars&categories=plants", ["top", "a-b-1"]),
        ("tags=none-such", []),
        ("user=nobody", []),
    ],
)
def test_filters_narrow_the_listing(client, query, uids):
    rows, _ = _followed(client, f"/v3/models?{query}&count=1")
    assert [row["uid"] for row in rows] == uids


def test_a_creator_lists_models_and_likes_nothing(client):
    creator = client.get("/v3/models/top").json()["user"]
    assert creator["displayName"] == "Ann Lee"
    for name in (creator["uid"], creator["username"]):
        rows = client.get(f"/v3/models?user={name}").json()["results"]
        assert [row["uid"] for row in rows] == ["top", "a-b-1"]
    assert client.get(f"/v3/users/{creator['uid']}").json()["likeCount"] == 0
    assert client.get(f"/v3/users/{creator['uid']}/likes").json()["results"] == []


def test_a_model_says_all_that_the_world_knows(client):
    model = client.get("/i/models/top").json()
    assert model == client.get("/v3/models/top").json()
    assert model["license"] == {"slug": "public-domain", "label": "Public Domain"}
    assert model["tags"][1] == {"name": "Tall tree", "slug": "tall-tree"}
    assert model["publishedAt"] == "2026-01-01T00:00:00.000000Z"
    sizes = [(image["width"], image["height"]) for image in model["thumbnails"]["images"]]
    assert sizes == [(320, 200), (160, 100), (64, 40)]


def test_urls_of_a_model_work_even_with_an_odd_id(client):
    model = client.get("/v3/models/a%2Fb%3Fc").json()
    images = [image["url"] for image in model["thumbnails"]["images"]]
    for url in (model["uri"], model["viewerUrl"], model["embedUrl"], *images):
        assert client.get(url).status_code == 200, url


def test_a_member_has_a_count_and_an_invented_name(client):
    member = client.get("/v3/users/user%2F0").json()
    assert (member["uid"], member["likeCount"]) == ("user/0", 50)
    assert "user" not in member["username"]
    assert client.get(member["profileUrl"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/i/likes?model=none", "/i/likes", "/i/models/none", "/v3/models/none", "/v3/users/none",
     "/v3/users/none/likes", "/v3/none"],
)  # fmt: skip
def test_unknown_ids_are_404_in_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Not found."} or path == "/v3/none"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    ["/i/likes?model=top&count=0", "/i/likes?model=top&offset=-1", "/i/likes?model=top&offset=x",
     "/v3/models?cursor=%21", "/v3/models?cursor=cT0x", "/v3/models?sort_by=name",
     "/v3/search?type=dogs", "/i/search?page=0", "/v3/users/user%2F0/likes?cursor=zz"],
)  # fmt: skip
def test_bad_parameters_are_400_in_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail"}


def test_other_methods_are_refused(client):
    answer = client.get("/i/likes?model=top", "POST")
    assert (answer.status_code, "GET" in answer.headers["allow"]) == (405, True)
    assert client.get("/i/likes?model=top", "HEAD").status_code == 200
