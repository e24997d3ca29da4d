"""Pages hold what a crawler looks for, and nothing of a world that is not escaped."""

import html
import json
import re

import pytest


def _prefetched(page: str) -> dict:
    found = re.search(r'<div id="js-dom-data-prefetched-data"><!--(.*?)--></div>', page, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def _leaks(page: str) -> bool:
    return "<script>alert" in page or "<i>Eve</i>" in page or '""' in page.replace('alt=""', "")


def test_the_grid_comes_without_items(client):
    page = client.get("/models?sort_by=-likeCount&page=1").text
    assert '<div class="infinite-grid"></div>' in page
    assert "data-uid" not in page
    assert "/static/grid.js" in page


def test_the_grid_script_and_styles_are_served(client):
    script = client.get("/static/grid.js")
    assert "is-loaded" in script.text
    assert "javascript" in script.headers["content-type"]
    assert client.get("/static/site.css").status_code == 200


def test_grid_pages_hold_every_model_once_and_the_one_past_the_end_none(client, world):
    pages = [client.get(f"/i/search?page={n}").json() for n in (1, 2, 3, 4)]
    assert [len(page["results"]) for page in pages] == [24, 24, 3, 0]
    assert [page["nextPage"] for page in pages] == [2, 3, None, None]
    uids = [row["uid"] for page in pages for row in page["results"]]
    assert uids == [item.item_id for item in world.items]


@pytest.mark.parametrize("path", ["/models/top", "/3d-models/top-top", "/3d-models/any-thing-top"])
def test_a_model_page_holds_its_json(client, path):
    page = client.get(path).text
    assert _prefetched(page) == {"/i/models/top": client.get("/i/models/top").json()}
    assert "Ann Lee" in page
    assert "Public Domain" in page


def test_ids_with_hyphens_are_told_from_slugs(client):
    page = client.get("/3d-models/a-a-b-1").text
    assert list(_prefetched(page)) == ["/i/models/a-b-1"]


@pytest.mark.parametrize("path", ["/", "/models/hostile", "/models/hostile/embed"])
def test_hostile_titles_are_escaped(client, path):
    page = client.get(path).text
    assert "&lt;script&gt;alert(1)" in page
    assert not _leaks(page)


def test_a_page_that_does_not_escape_is_seen_to_leak(client, monkeypatch):
    monkeypatch.setattr("html.escape", lambda text, quote: text)
    assert _leaks(client.get("/models/hostile").text)


def test_a_hostile_title_comes_through_the_json_letter_for_letter(client, world):
    title = world.items[world.item_index["hostile"]].title
    assert client.get("/i/models/hostile").json()["name"] == title
    prefetched = _prefetched(client.get("/models/hostile").text)
    assert prefetched["/i/models/hostile"]["name"] == title


def test_the_front_page_says_what_it_is_and_shows_pictures(client):
    page = client.get("/").text
    assert "stand-in" in page
    assert "simulated" in page
    assert (
        client.get(re.search(r'<img src="([^"]+)"', page)[1])
        .headers["content-type"]
        .startswith("image/")
    )


def test_a_picture_has_the_form_that_is_announced_and_no_other(client):
    assert client.get("/media/top/64.webp").headers["content-type"] == "image/webp"
    assert client.get("/media/top/64.svg").status_code == 404
    assert client.get("/media/top/65.webp").status_code == 404
    assert client.get("/media/cold/64.svg").headers["content-type"] == "image/svg+xml"
    assert client.get("/media/cold/64.webp").status_code == 404


def test_robots_allow_and_set_no_delay(client):
    robots = client.get("/robots.txt")
    assert robots.text == "User-agent: *\nAllow: /\n"


@pytest.mark.parametrize("path", ["/models/none", "/3d-models/x-none", "/models/none/embed",
                                  "/nobody", "/media/none/64.webp"])  # fmt: skip
def test_unknown_pages_are_404_in_html(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_member_pages_show_models_and_likes(client):
    creator = client.get("/i/models/top").json()["user"]
    assert "/3d-models/top-top" in client.get(creator["profileUrl"]).text
    liker = client.get("/v3/users/user%2F7").json()
    assert "/3d-models/top-top" in client.get(liker["profileUrl"]).text
