import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from serving.pages import picks as picks_module
from serving.pages.picks import MAX_PICKS
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

TASTE = f"/{SITE}/taste"


def taste(client, *picks):
    page = client.get(f"{TASTE}?{urlencode(picks)}")
    assert page.status_code == 200
    return page.text


def buttons(page, name):
    return [unescape(one) for one in re.findall(rf'name="{name}" value="([^"]*)"', page)]


def kept(page):
    """Names and values that the form holds besides its buttons."""
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return [(name, unescape(value)) for name, value in hidden]


def pressed(client, page, name, item_id):
    """The page that a button leads to, as a browser without scripts sends its form."""
    assert item_id in buttons(page, name)
    answer = client.get(f"{TASTE}?{urlencode([*kept(page), (name, item_id)])}")
    assert answer.status_code == 303
    assert answer.headers["cache-control"] == "no-store"
    there = answer.headers["location"]
    return parse_qsl(urlsplit(there).query), client.get(there).text


def test_a_first_handful_can_be_picked_or_dismissed(client):
    page = taste(client)
    likes, drops = buttons(page, "pick"), buttons(page, "dismiss")
    assert likes == drops
    assert len(set(likes)) == len(likes) > 10
    for item_id in likes:
        assert pressed(client, page, "pick", item_id)[0] == [("like", item_id)]
        assert pressed(client, page, "dismiss", item_id)[0] == [("not", item_id)]


def test_nobody_may_keep_the_page(client):
    page = client.get(TASTE, params={"like": "item-001"})
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "etag" not in page.headers


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_a_pick_changes_the_page_and_can_be_taken_back(client, item_id):
    page = taste(client, ("like", item_id))
    assert ">For you</h2>" in page
    assert item_id not in buttons(page, "pick")
    further = buttons(page, "pick")[0]
    picks, page = pressed(client, page, "pick", further)
    assert picks == [("like", item_id), ("like", further)]
    assert pressed(client, page, "undo", item_id)[0] == [("like", further)]


def test_the_last_pick_is_undone_whatever_it_was(client):
    page = taste(client, ("like", "item-001"), ("like", "item-003"), ("not", "item-002"))
    assert re.findall(r'id="undo" name="undo" value="([^"]*)"', page) == ["item-002"]
    picks, page = pressed(client, page, "undo", "item-002")
    assert picks == [("like", "item-001"), ("like", "item-003")]
    assert re.findall(r'id="undo" name="undo" value="([^"]*)"', page) == ["item-003"]


def test_any_pick_can_be_removed(client):
    picks = [("like", "item-001"), ("not", "item-002"), ("like", "item-003")]
    page = taste(client, *picks)
    for pick in picks:
        rest, _ = pressed(client, page, "undo", pick[1])
        assert rest == [one for one in picks if one != pick]


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
    assert kept(page) == [("like", "item-001")]
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


def test_where_no_more_picks_fit_the_page_says_so(client, odd_site, monkeypatch):
    item_ids = odd_site.item_ids[:3]
    monkeypatch.setattr(picks_module, "MAX_PICKS", 3)
    page = taste(client, *(("like", item_id) for item_id in item_ids))
    assert "No more fit: remove one" in page
    assert buttons(page, "pick") == []
    assert set(buttons(page, "undo")) == set(item_ids)
    assert buttons(taste(client, ("like", item_ids[0])), "pick")
