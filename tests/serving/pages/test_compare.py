import re
from html import unescape

import pytest

from serving.pages.links import item_url
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS
from tests.serving.pages.urls import url_after

PAIR = ("lightfm_cf", "tag_profile")
ITEM = f"/{SITE}/items/item-001"
PAGE = f"{ITEM}/compare"


def sides(page):
    """Of each side the cards, and the rank in the other list where that is told."""
    parts = page.text.split('<section class="versus-side"')[1:]
    return [
        (
            [unescape(one) for one in re.findall(r'class="versus-link" href="([^"]*)"', part)],
            [
                int(n) if n else None
                for n in re.findall(r"(?:also no. (\d+)|only here)</span>", part)
            ],
        )
        for part in parts
    ]


def told(client, item_id="item-001", pair=PAIR):
    params = {"models": ",".join(pair), "item_id": item_id, "k": 20}
    return client.get(f"/v1/{SITE}/compare", params=params).json()


@pytest.mark.parametrize("item_id", ["item-001", *ODD_IDS])
def test_both_sides_and_their_overlap_are_those_of_the_api(client, item_id):
    page = client.get(f"{item_url(SITE, item_id)}/compare", params={"a": PAIR[0], "b": PAIR[1]})
    answer = told(client, item_id)
    for side, (cards, others) in enumerate(sides(page)):
        items = [row["items"][side] for row in answer["rows"]]
        assert cards == [url_after(one["item_id"], item_id) for one in items]
        assert others == [one["other_rank"] for one in items]
    n_common = answer["n_common"]
    assert n_common
    assert f"They agree on {n_common} of the first {len(answer['rows'])}" in page.text
    assert f"({100 * answer['overlap']:.0f}&nbsp;%)" in page.text
    assert page.text.count('d="M0 ') == n_common


def test_without_names_the_first_two_rows_are_compared(client):
    page = client.get(PAGE, params={"trail": "item-003"})
    assert (
        sides(page)[0][0]
        == sides(client.get(PAGE, params={"trail": "item-003", "a": PAIR[0]}))[0][0]
    )
    assert page.headers["cache-control"] == "no-store"
    other = client.get(PAGE, params={"a": PAIR[1]})
    assert sides(other)[0][0] == sides(client.get(PAGE))[1][0]


def test_a_row_beside_itself_is_the_same(client):
    page = client.get(PAGE, params={"a": PAIR[0], "b": PAIR[0]})
    assert "They agree on all of the first 10." in page.text
    assert page.text.count('class="level') == 10


def test_the_choice_keeps_the_way(client):
    page = client.get(PAGE, params={"trail": "item-003", "off": PAIR[0]})
    assert '<input type="hidden" name="trail" value="item-003">' in page.text
    assert f'<input type="hidden" name="off" value="{PAIR[0]}">' in page.text


@pytest.mark.parametrize("query", ["a=no-model", "b=popular", "a=a,b"])
def test_unknown_rows_are_not_found(client, query):
    assert client.get(f"{PAGE}?{query}").status_code == 404
