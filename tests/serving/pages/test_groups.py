import re
from html import unescape

import pytest

from serving.pages.groups import tags_of
from tests.factories import SITE
from tests.serving.hand_made import snapshot_of


@pytest.mark.parametrize(
    ("path", "name"),
    [("tags/boat", "Boat"), ("creators/artist-1", "Artist 1"), ("categories/animals", "Animals")],
)
def test_a_group_has_a_page_with_its_items(client, path, name):
    page = client.get(f"/{SITE}/{path}")
    assert page.status_code == 200
    assert f"<h1><bdi>{name}</bdi></h1>" in page.text
    told = client.get(f"/v1/{SITE}/{path}").json()
    assert f"{told['item_count']} items, liked {told['like_count']} times" in page.text
    assert f'rel="canonical" href="/{SITE}/{path}"' in page.text


@pytest.mark.parametrize("path", ["tags", "creators", "categories"])
def test_all_groups_of_a_kind_are_listed_with_the_other_kinds(client, path):
    page = client.get(f"/{SITE}/{path}")
    listed = [unescape(href) for href in re.findall(r'class="tile"><a href="([^"]*)"', page.text)]
    groups = client.get(f"/v1/{SITE}/{path}", params={"k": 100}).json()["groups"]
    assert listed == [f"/{SITE}/{path}/{group['slug']}" for group in groups]
    assert page.text.count('aria-current="page"') == 1
    for other in ("tags", "creators", "categories"):
        assert f'href="/{SITE}/{other}"' in page.text


def test_no_two_groups_show_the_same_picture_where_they_need_not(client):
    page = client.get(f"/{SITE}/tags").text
    faces = re.findall(r'class="frame[^"]*">.*?<img src="([^"]*)"', page, re.DOTALL)
    assert len(faces) == len(set(faces)) == page.count('class="tile"')


def test_a_group_that_is_not_there_says_so(client):
    page = client.get(f"/{SITE}/tags/robto", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "Nothing goes by that name" in page.text
    assert f'href="/{SITE}/search?q=robto"' in page.text


def test_tags_that_are_common_among_items_come_first_without_their_own():
    groups = {"tag": {"a": [0, 1, 2], "b": [0], "c": [0, 1]}}
    snapshot = snapshot_of(4, groups=groups)
    assert [slug for *_, slug in tags_of(snapshot, [0, 1, 2])] == ["a", "c", "b"]
    assert [slug for *_, slug in tags_of(snapshot, [0, 1, 2], without=0)] == ["c", "b"]
    assert tags_of(snapshot, [3]) == []
    assert tags_of(snapshot, []) == []
