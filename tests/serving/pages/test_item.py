import re
from html import unescape
from urllib.parse import urlencode

import pytest

from serving.pages.links import item_url
from tests.factories import MODELS, SITE
from tests.serving.conftest import ODD_IDS
from tests.serving.pages.urls import url_after

ROWS = ("lightfm_cf", "tag_profile")  # popular has no lists beside items


def page_of(client, item_id, **more):
    return client.get(item_url(SITE, item_id), **more)


def links(page):
    return list(dict.fromkeys(unescape(one) for one in re.findall(r'href="([^"]*)"', page.text)))


def own_links(page):
    return [link.partition("#")[0] for link in links(page) if link.startswith(f"/{SITE}/items/")]


def cards_of(part):
    return [unescape(one) for one in re.findall(r'class="card-link" href="([^"]*)"', part)]


def rows_of(page):
    """Cards of each row of a page, by model."""
    return {
        re.search(r"/rows/(\w+)", part)[1]: cards_of(part)
        for part in page.text.split('<section class="shelf row"')[1:]
    }


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_every_link_of_the_page_of_an_odd_id_leads_to_a_page(client, item_id):
    page = page_of(client, item_id, params={"trail": "%2F,item-001"})
    assert page.status_code == 200
    found = own_links(page)
    assert len([link for link in found if "/why/" in link]) > 10
    for link in found:
        answer = client.get(link)
        assert answer.status_code == 200, link
        assert "<h1>" in answer.text


def test_a_link_that_is_not_encoded_leads_nowhere(client):
    assert client.get(f"/{SITE}/items/a/b").status_code == 404


@pytest.mark.parametrize("item_id", ["item-001", "a/b", ".."])
def test_rows_are_the_lists_of_the_api(client, item_id):
    rows = rows_of(page_of(client, item_id))
    assert list(rows) == list(ROWS)
    for model, hrefs in rows.items():
        params = {"model": model, "k": 12}
        path = f"/v1/{SITE}/items/{item_url('', item_id).rpartition('/')[2]}/similar"
        listed = client.get(path.replace("%252E", "%2E"), params=params).json()["items"]
        trail = f"?{urlencode({'trail': item_id})}" if "/" in item_id else ""
        expected = [url_after(one["item_id"], item_id) for one in listed]
        assert hrefs == expected, trail


def test_text_of_the_site_is_escaped(client):
    page = client.get(f"/{SITE}")
    assert "&lt;b&gt;Café&lt;/b&gt; &amp; &#39;co&#39;" in page.text
    assert "<b>Café" not in page.text


def test_tags_categories_and_creator_are_links(client):
    page = page_of(client, "item-001")
    groups = [
        link for link in links(page) if re.match(rf"/{SITE}/(tags|categories|creators)/", link)
    ]
    assert len(groups) == 4
    assert page_of(client, "item-001").text.count('class="chip category"') == 1


def test_a_row_that_is_filled_up_says_so_and_marks_what_fills_it(client):
    page = page_of(client, "item-001")
    assert "own list ends after 10; what is popular fills it up" in page.text
    assert page.text.count('class="in-rows">filled up') == 2 * len(ROWS)
    assert "rows/lightfm_cf?cursor" not in page.text


def test_items_of_several_rows_are_marked_with_how_many(client):
    page = page_of(client, "item-001")
    params = {"models": ",".join(ROWS), "item_id": "item-001", "k": 12}
    n_common = client.get(f"/v1/{SITE}/compare", params=params).json()["n_common"]
    assert n_common
    assert page.text.count(">in 2 rows<") == 2 * n_common
    alone = page_of(client, "item-001", params={"off": ROWS[0]})
    assert ">in 2 rows<" not in alone.text


def test_rows_are_switched_off_and_stay_so_on_the_way(client):
    page = page_of(client, "item-001", params={"off": [ROWS[1], "no-model"]})
    assert list(rows_of(page)) == [ROWS[0]]
    assert f'value="{ROWS[1]}" checked' in page.text
    assert "no-model" not in page.text
    assert all(f"off={ROWS[1]}" in link for link in cards_of(page.text))
    none = page_of(client, "item-001", params={"off": ROWS})
    assert not rows_of(none)
    assert "All rows are switched off" in none.text


def test_an_item_that_no_algorithm_knows_shows_popular_ones(client, monkeypatch):
    snapshot = client.catalog.snapshots[SITE]
    monkeypatch.setitem(snapshot.lists, "similar", {})
    page = page_of(client, "item-001")
    assert "Popular instead" in page.text
    assert len(cards_of(page.text)) == 12


def test_the_player_is_in_a_sandbox_and_loads_when_asked_for(client):
    assert "<iframe" not in page_of(client, "item-001").text
    page = page_of(client, "item-001", params={"play": 1})
    (frame,) = re.findall(r"<iframe[^>]*>", page.text)
    assert 'src="http://127.0.0.1:8000/models/item-001/embed"' in frame
    assert 'sandbox="allow-scripts allow-same-origin allow-popups"' in frame
    assert "frame-src 127.0.0.1:8000;" in page.headers["content-security-policy"]
    bare = max(ids for ids in client.catalog.snapshots[SITE].items.ids)
    assert "<iframe" not in page_of(client, bare, params={"play": 1}).text


def test_an_unknown_item_is_a_page_for_people_and_a_problem_for_programs(client):
    page = page_of(client, "nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "<h1>" in page.text
    assert page_of(client, "nowhere").json()["type"] == "/docs#unknown-item"


assert MODELS[1:] == ROWS
