import re
from html import unescape

import pytest

from pipeline.snapshot import build
from serving.pages.links import item_url
from tests.factories import NOW, SITE, SmallSite
from tests.serving.conftest import ODD_IDS, publish
from tests.serving.pages.urls import url_after

MODEL = "tag_profile"
ITEM = f"/{SITE}/items/item-001"
PAGE = f"{ITEM}/rows/{MODEL}"


@pytest.fixture(scope="module")
def longer(tmp_path_factory, serve):
    """Client of a site whose rows are longer than a page."""
    data = tmp_path_factory.mktemp("longer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.factories.K", 35)
        publish(data, build(data, SITE, SmallSite().contents(), now=NOW))
    with serve(data) as client:
        yield client


def hrefs(page):
    return [unescape(one) for one in re.findall(r'class="card-link" href="([^"]*)"', page.text)]


def more_of(page):
    found = re.findall(rf'class="more-link" href="([^"]*/{MODEL}[^"]*)"', page.text)
    return unescape(found[0]) if found else None


def listed(client, **params):
    answer = client.get(f"/v1/{SITE}/items/item-001/similar", params={"model": MODEL, **params})
    return answer.json()


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_a_row_of_an_odd_id_has_a_page(client, item_id):
    page = client.get(f"{item_url(SITE, item_id)}/rows/{MODEL}?trail=item-003")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert len(hrefs(page)) == 24


def test_the_page_of_a_row_is_the_list_of_the_api_to_its_end(longer):
    page = longer.get(PAGE)
    answer = listed(longer, k=24)
    pages = [(page, answer)]
    following = more_of(page)
    assert following == f"{PAGE}?cursor={answer['next_cursor']}"
    pages.append((longer.get(following), listed(longer, k=24, cursor=answer["next_cursor"])))
    for shown, told in pages:
        expected = [url_after(one["item_id"], "item-001") for one in told["items"]]
        assert hrefs(shown) == expected
    assert "Back to the beginning of the row" in pages[1][0].text
    assert "own list ends after 11" in pages[1][0].text
    assert more_of(pages[1][0]) is None, "what is popular is no more of this row"


def test_more_of_a_row_goes_on_where_the_items_page_ends(longer):
    following = more_of(longer.get(ITEM))
    first, rest = listed(longer, k=12), hrefs(longer.get(following))
    expected = listed(longer, k=24, cursor=first["next_cursor"])["items"]
    assert rest == [url_after(one["item_id"], "item-001") for one in expected]
    assert len(set(rest) | set(hrefs(longer.get(PAGE))[:12])) == 36


def test_a_cursor_of_an_older_snapshot_begins_the_row_again(client):
    page = client.get(f"{PAGE}?cursor=AAAAAAAAAAAAAAAA&trail=item-003")
    assert page.status_code == 303
    assert page.headers["location"] == f"{PAGE}?trail=item-003"
    assert client.get(f"{PAGE}?cursor=no-cursor").status_code == 422


def test_an_unknown_row_is_not_found(client):
    assert client.get(f"{ITEM}/rows/no-model").status_code == 404
    assert client.get(f"{ITEM}/rows/popular").status_code == 404
    assert client.get(f"/{SITE}/items/nowhere/rows/{MODEL}").status_code == 404
