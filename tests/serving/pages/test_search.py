import re
from html import unescape

import pytest

from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

SEARCH = f"/{SITE}/search"
HTML = {"Accept": "text/html"}


def test_a_search_finds_items_and_says_what_was_asked(client):
    page = client.get(SEARCH, params={"q": "Model 5"})
    assert "Found for “<bdi>Model 5</bdi>”" in page.text
    assert 'value="Model 5"' in page.text
    titles = re.findall(r'class="card-title"><bdi>([^<]*)', page.text)
    assert titles[0] == "Model 5"


def test_what_was_found_can_be_narrowed_down_and_widened_again(client):
    page = client.get(SEARCH, params={"q": "model"})
    narrower = [
        unescape(h) for h in re.findall(r'<a class="chip" href="([^"]*tag=[^"]*)"', page.text)
    ]
    assert narrower
    narrowed = client.get(narrower[0])
    assert narrowed.text.count('<li class="card">') < page.text.count('<li class="card">')
    (wider,) = re.findall(r'<a class="chip chosen" href="([^"]*)"', narrowed.text)
    assert wider == f"{SEARCH}?q=model"


def test_nothing_found_offers_ways_on(client):
    page = client.get(SEARCH, params={"q": "zzzzqqqq"})
    assert page.status_code == 200
    assert "Nothing found for" in page.text
    assert "Or begin with a tag" in page.text
    assert 'class="card-link"' in page.text


def test_an_empty_search_explains_the_box(client):
    for given in ({}, {"q": "  "}):
        assert "or paste a link to an item" in client.get(SEARCH, params=given).text


def test_text_that_is_too_long_is_cut_and_said_to_be(client):
    assert "Only the first 200 characters" in client.get(SEARCH, params={"q": "cat " * 60}).text
    assert "Only the first" not in client.get(SEARCH, params={"q": "cat " * 10}).text


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:8000/3d-models/some-title-item-007",
        "  127.0.0.1:8000/models/item-007/embed?x=1#y ",
        "item-007",
    ],
)
def test_a_pasted_link_goes_straight_to_the_item(client, link):
    answer = client.get(SEARCH, params={"q": link})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/{SITE}/items/item-007"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_a_bare_id_goes_there_too(client, item_id):
    answer = client.get(SEARCH, params={"q": item_id})
    assert client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "link",
    ["https://example.org/models/item-007", "http://127.0.0.1:8000/models/gone", "//x"],
)
def test_an_unknown_link_says_what_would_be_understood(client, link):
    page = client.get(SEARCH, params={"q": link}, headers=HTML)
    assert page.status_code == 404
    assert "That link leads to nothing here" in page.text
    assert "What would be understood" in page.text
    assert "{item_id}" in page.text
    assert f"<bdi>{link}</bdi>" in page.text
    assert f'value="{link}"' in page.text


def test_words_with_a_slash_are_no_link(client):
    assert client.get(SEARCH, params={"q": "cat/dog"}).status_code == 200


def suggestions(client, q):
    return client.get(f"/{SITE}/suggestions", params={"q": q}).text


def test_suggestions_name_tags_creators_and_items_and_lead_to_them(client):
    found = suggestions(client, "c")
    assert '<span class="suggestion-kind">tag</span>' in found
    hrefs = re.findall(r'href="([^"]*)"', suggestions(client, "Model") + found)
    assert len(hrefs) > 5
    for href in hrefs:
        assert client.get(unescape(href)).status_code == 200, href


def test_a_link_is_suggested_as_its_item(client):
    found = suggestions(client, "http://127.0.0.1:8000/models/item-007/embed")
    assert re.findall(r'href="([^"]*)"', found) == [f"/{SITE}/items/item-007"]


def test_no_suggestions_for_nothing(client):
    assert "<a" not in suggestions(client, "")
    assert "No suggestions" in suggestions(client, "zzzzqqqq")
