"""A taste in a real browser: picked, dismissed, undone, kept by the address, cleared."""

import re

import pytest
from playwright.sync_api import expect

from tests.end_to_end.website.published import SITE
from tests.end_to_end.website.watching import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
TASTE = f"/{SITE}/taste"
LIKE = ".pick:not(.drop)"
PICKS = ".picked li"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_three_picks_one_dismissed_undone_and_cleared(visit, scripts):
    watched = visit(java_script_enabled=scripts)
    page = watched.open(TASTE)
    for number in range(3):
        page.locator(LIKE).nth(2 * number).click()
        expect(page.locator(PICKS)).to_have_count(number + 1)
    expect(page.locator("#for-you")).to_be_visible()
    first = page.locator("section[aria-labelledby=for-you] .card").first
    dismissed = first.locator(".card-title").inner_text()
    assert first.locator(".reason").inner_text()
    first.locator(".pick.drop").click()
    expect(page.locator(PICKS)).to_have_count(4)
    page.wait_for_load_state()
    shown = page.locator("section[aria-labelledby=for-you] .card-title")
    assert dismissed not in shown.all_inner_texts()
    before = page.url
    page.locator("#undo").click()
    expect(page.locator(PICKS)).to_have_count(3)
    assert shown.first.inner_text() == dismissed
    expect(page).not_to_have_url(before)
    friend = visit().open(page.url.removeprefix(watched.url))
    expect(friend.locator(PICKS)).to_have_count(3)
    page.locator("#clear").click()
    expect(page.locator(PICKS)).to_have_count(0)
    expect(page).to_have_url(re.compile(f"{TASTE}$"))
    watched.check()


def test_a_pick_leaves_what_one_looks_at_where_it_is(visit):
    watched = visit(viewport=PHONE)
    page = watched.open(TASTE)
    head = page.locator("#handful")
    pick = page.locator(LIKE).nth(5)
    pick.scroll_into_view_if_needed()
    before = head.bounding_box()["y"]
    pick.click()
    expect(page.locator(PICKS)).to_have_count(1)
    assert abs(head.bounding_box()["y"] - before) < 2
    page.evaluate("scrollTo(0, 0)")
    assert abs(head.bounding_box()["y"] - before) > 100
    watched.check()


def test_picks_are_found_again_in_this_browser_until_they_are_cleared(visit):
    watched = visit()
    page = watched.open(TASTE)
    page.locator(LIKE).first.click()
    expect(page.locator(PICKS)).to_have_count(1)
    page.goto(watched.url + f"/{SITE}")
    page.goto(watched.url + TASTE)
    page.get_by_role("link", name="Go on with your picks").click()
    expect(page.locator(PICKS)).to_have_count(1)
    page.locator("#clear").click()
    expect(page.locator(PICKS)).to_have_count(0)
    page.reload()
    expect(page.locator("[data-resume]")).to_be_hidden()
    watched.check()


def test_a_taste_that_is_full_opens_all_the_same(visit, demo):
    watched = visit()
    page = watched.open(f"/{SITE}/items/{demo.item_id}")
    full = "?" + "&".join(f"like=gone-{number}" for number in range(200))
    page.evaluate("([key, picks]) => localStorage.setItem(key, picks)", [f"likewise:{TASTE}", full])
    page.get_by_role("link", name="Add to my taste").click()
    expect(page.get_by_role("heading", name="My taste", exact=True)).to_be_visible()
    watched.check()
