import re
from html import unescape
from urllib.parse import quote

import pytest

from tests.factories import SITE
from tests.serving.conftest import ODD_IDS


def page_of(client, item_id, **more):
    return client.get(f"/{SITE}/items/{quote(item_id, safe='')}", **more)


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_every_card_of_every_row_leads_to_a_page(client, item_id):
    page = page_of(client, item_id)
    assert page.status_code == 200
    hrefs = {unescape(href) for href in re.findall(r'class="card-link" href="([^"]*)"', page.text)}
    assert hrefs
    for href in hrefs:
        assert client.get(href).status_code == 200, href


def test_text_of_the_site_is_escaped(client):
    page = client.get(f"/{SITE}")
    assert "&lt;b&gt;Café&lt;/b&gt; &amp; &#39;co&#39;" in page.text
    assert "<b>Café" not in page.text


def test_a_trail_goes_back_and_is_nobodys_business(client):
    page = page_of(client, "item-001", params={"trail": "item-003,gone,item-002"})
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert f'href="/{SITE}/items/item-003"' in page.text
    assert f'href="/{SITE}/items/item-002?trail=item-003"' in page.text
    assert "trail=item-003%2Citem-002%2Citem-001" in page.text


def test_an_unknown_item_is_a_page_for_people_and_a_problem_for_programs(client):
    page = page_of(client, "nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert "Popular on" in page.text
    problem = page_of(client, "nowhere")
    assert problem.json()["type"] == "/docs#unknown-item"
