import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from serving.pages.picks import MAX_PICKS
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

TASTE = f"/{SITE}/taste"


def taste(client, *picks):
    page = client.get(f"{TASTE}?{urlencode(picks)}")
    assert page.status_code == 200
    return page.text


def links(page, css_class):
    found = re.findall(rf'<a class="{css_class}"[^>]* href="([^"]*)"', page)
    return [unescape(href) for href in found]


def picks_of(href):
    return parse_qsl(urlsplit(href).query)


def test_a_first_handful_can_be_picked_or_dismissed(client):
    page = taste(client)
    likes, drops = links(page, "pick"), links(page, "pick drop")
    assert len(likes) == len(drops) > 10
    assert len({*likes, *drops}) == 2 * len(likes)
    for href in (*likes, *drops):
        assert client.get(href).status_code == 200, href


def test_nobody_may_keep_the_page(client):
    page = client.get(TASTE, params={"like": "item-001"})
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "etag" not in page.headers


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_a_pick_changes_the_page_and_can_be_taken_back(client, item_id):
    page = taste(client, ("like", item_id))
    assert ">For you</h2>" in page
    (undone,) = re.findall(r'id="undo" href="([^"]*)"', page)
    assert unescape(undone) == TASTE
    assert links(page, "remove") == [TASTE]
    for href in links(page, "pick"):
        assert picks_of(href)[0] == ("like", item_id)
        assert ("like", item_id) not in picks_of(href)[1:]


def test_the_last_pick_is_undone_whatever_it_was(client):
    page = taste(client, ("like", "item-001"), ("not", "item-002"), ("like", "item-003"))
    (undone,) = re.findall(r'id="undo" href="([^"]*)"', page)
    assert picks_of(unescape(undone)) == [("like", "item-001"), ("not", "item-002")]
    assert [picks_of(href) for href in links(page, "remove")] == [
        [("not", "item-002"), ("like", "item-003")],
        [("like", "item-001"), ("like", "item-003")],
        [("like", "item-001"), ("not", "item-002")],
    ]


def test_one_click_clears_everything(client):
    page = taste(client, ("like", "item-001"), ("not", "item-002"))
    assert f'id="clear" href="{TASTE}">Clear everything' in page
    assert 'class="picks"' not in taste(client)


def test_what_is_picked_or_dismissed_is_not_offered_again(client):
    page = taste(client, ("like", "item-001"), ("not", "item-002"))
    for choice in re.findall(r'<li class="card">.*?</li>', page, re.DOTALL):
        (href,) = re.findall(r'class="card-link" href="([^"]*)"', choice)
        assert href not in {f"/{SITE}/items/item-001", f"/{SITE}/items/item-002"}


def test_of_two_picks_of_an_item_the_later_one_counts(client):
    page = taste(client, ("like", "item-001"), ("not", "item-001"))
    assert "0 liked, 1 left out" in page
    assert ">For you</h2>" not in page


def test_picks_that_are_gone_are_said_to_be(client):
    page = taste(client, ("like", "item-001"), ("like", "gone"), ("not", "gone too"))
    assert "2 of your picks are not on" in page
    assert "gone" not in "".join(links(page, "pick"))
    assert "0 liked" in taste(client, ("like", "gone"))


def test_every_recommendation_says_why(client):
    page = taste(client, ("like", "item-001"), ("like", "item-005"))
    (mine,) = re.findall(r'aria-labelledby="for-you">(.*?)</section>', page, re.DOTALL)
    reasons = re.findall(r'<p class="reason">(.*?)</p>', mine, re.DOTALL)
    assert len(reasons) == mine.count('<li class="card">') > 0
    assert all(reason.strip() for reason in reasons)
    assert any("Because you like" in reason or "seem to like" in reason for reason in reasons)


def test_there_is_room_for_so_many_picks_and_no_more(client):
    picks = [("like", f"x{number}") for number in range(MAX_PICKS + 1)]
    page = client.get(f"{TASTE}?{urlencode(picks)}", headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert f"at most {MAX_PICKS} are taken" in page.text
    assert taste(client, *picks[1:])
