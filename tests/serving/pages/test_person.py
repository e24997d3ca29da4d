import re

import pytest

from serving.pages import person
from serving.pages.links import item_url
from tests.factories import SITE

HTML = {"Accept": "text/html"}


@pytest.fixture
def user_id(odd_site):
    return odd_site.user_ids[0]


def test_a_person_has_a_page_with_likes_and_a_row_of_each_algorithm(client, user_id, odd_site):
    page = client.get(f"/{SITE}/users/{user_id}")
    assert page.status_code == 200
    n_likes = odd_site.likes.filter(user_id=user_id).height
    assert f'<h2 id="likes">{n_likes} likes</h2>' in page.text
    rows = re.findall(r'<h2 id="row-\d+">([^<]*)</h2>', page.text)
    models = client.get(f"/v1/{SITE}/models").json()["models"]
    labels = [model["label"] for model in models if "recommendations" in model["lists"]]
    assert rows == labels
    assert rows


def test_pages_of_likes_make_the_whole(client, user_id, odd_site, monkeypatch):
    monkeypatch.setattr(person, "PAGE_LENGTH", 2)
    liked, href = [], f"/{SITE}/users/{user_id}"
    while href:
        page = client.get(href).text
        (likes,) = re.findall(r'aria-labelledby="likes">(.*?)</section>', page, re.DOTALL)
        liked += re.findall(r'class="card-link" href="([^"]*)"', likes)
        href = next(iter(re.findall(r'rel="next" href="([^"]*)"', likes)), None)
    likes = odd_site.likes.filter(user_id=user_id)["item_id"]
    assert sorted(liked) == sorted(item_url(SITE, item_id) for item_id in likes)


def test_nobody_may_keep_or_index_it(client, user_id):
    page = client.get(f"/{SITE}/users/{user_id}")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex">' in page.text
    assert "canonical" not in page.text
    assert [other for other in re.findall(r"[0-9a-f]{32}", page.text) if other != user_id] == []


def test_an_unknown_pseudonym_is_not_found(client):
    page = client.get(f"/{SITE}/users/{'0' * 32}", headers=HTML)
    assert page.status_code == 404
    assert "There is nobody of that pseudonym" in page.text


def test_without_leave_there_is_no_such_page_for_anybody(odd_snapshot, serve, user_id):
    data, _ = odd_snapshot
    with serve(data, user_routes=False) as closed:
        pages = [
            closed.get(f"/{SITE}/{path}", headers=HTML)
            for path in (f"users/{user_id}", f"users/{'0' * 32}", "nothing/of-the-kind")
        ]
        titles = {re.findall(r"<h1>(.*?)</h1>", page.text)[0] for page in pages}
    assert [page.status_code for page in pages] == [404, 404, 404]
    assert titles == {"There is nothing here"}
