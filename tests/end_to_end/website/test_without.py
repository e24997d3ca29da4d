"""The website without a mouse, without scripts, without pictures."""

import re

import pytest
from playwright.sync_api import expect

from tests.end_to_end.website.published import SITE
from tests.end_to_end.website.watching import arrived, focused

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
HOME = f"/{SITE}"
MOST_STOPS = 60


def tab_until(page, reached):
    """Press Tab until something has the focus; each stop on the way has to show it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = focused(page)
        assert at["outlined"], f"one does not see the focus on {at}"
        assert at["visible"], f"the focus is out of sight on {at}"
        if reached(at):
            return at
    raise AssertionError(f"not reached with {MOST_STOPS} stops")


def test_all_can_be_reached_by_keyboard(visit):
    watched = visit()
    page = watched.open(HOME)
    page.keyboard.press("Tab")
    assert "Skip" in focused(page)["text"]
    page.keyboard.press("Enter")
    tab_until(page, lambda at: "/items/" in at["href"] or "/random" in at["href"])
    page.goto(watched.url + HOME)
    tab_until(page, lambda at: at["name"].startswith("input"))
    page.keyboard.type("mouse")
    expect(page.locator("#suggestions a").first).to_be_visible()
    page.keyboard.press("Enter")
    arrived(page, re.compile("/search"))
    at = tab_until(page, lambda at: "/items/" in at["href"])
    page.keyboard.press("Enter")
    arrived(page, at["href"])
    tab_until(page, lambda at: at["name"].startswith("summary"))
    page.keyboard.press("Enter")
    expect(page.locator(".controls-body")).to_be_visible()
    at = tab_until(page, lambda at: "trail=" in at["href"] and "/items/" in at["href"])
    page.keyboard.press("Enter")
    arrived(page, at["href"])
    watched.check()


def test_a_stop_that_does_not_show_its_focus_is_found(visit):
    page = visit().open(HOME)
    page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
        sheet.replaceSync(":focus-visible { outline: none !important }");
        document.adoptedStyleSheets = [sheet]; }"""
    )
    with pytest.raises(AssertionError, match="does not see the focus"):
        tab_until(page, lambda at: False)


def test_the_main_ways_need_no_script(visit, demo):
    watched = visit(java_script_enabled=False)
    page = watched.open(HOME)
    page.get_by_role("searchbox").fill("mouse")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/search\?q=mouse$"))
    page.locator("main .card-link").first.click()
    arrived(page, re.compile("/items/"))
    title = page.locator("h1").inner_text()
    page.locator("section.row .why").first.click()
    expect(page.locator("h1")).to_have_text("Why is it here?")
    page.locator(".back a").click()
    expect(page.locator("h1")).to_have_text(title)
    page.locator("section.row .more-link").first.click()
    expect(page).to_have_url(re.compile("/rows/"))
    page.locator("main .card-link").first.click()
    expect(page.locator(".trail li")).to_have_count(2)
    page.wait_for_load_state()
    rows = page.locator("section.row")
    n_rows = rows.count()
    page.locator(".controls summary").click()
    page.locator(".switch").first.click()
    page.get_by_role("button", name="Apply").click()
    expect(rows).to_have_count(n_rows - 1)
    page.locator(".controls summary").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".versus-side")).to_have_count(2)
    watched.open(f"{HOME}/items/{demo.item_id}").get_by_role("link", name="View it here").click()
    expect(page.locator("iframe")).to_be_visible()
    watched.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_picture_that_fails_makes_way_for_a_drawn_one(visit, demo, scripts):
    watched = visit(java_script_enabled=scripts)
    page = watched.page
    page.route(f"{demo.pictures_url}/media/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        watched.open(f"{HOME}/items/{demo.item_id}")
    drawn = page.locator(".stage .drawn")
    expect(drawn).to_be_visible()
    if scripts:
        expect(page.locator(".stage img")).to_have_count(0)
        assert page.evaluate(ON_TOP) == "drawn"


ON_TOP = """() => {
  const box = document.querySelector(".stage .frame").getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
    .closest(".drawn, img").className;
}"""


def test_a_picture_that_loads_hides_the_drawn_one(visit, demo):
    watched = visit()
    page = watched.open(f"{HOME}/items/{demo.item_id}")
    assert page.evaluate(ON_TOP) != "drawn"
    assert page.evaluate("() => document.querySelector('.stage img').naturalWidth") > 0


def test_dark_is_dark_and_light_is_light(visit):
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).open(HOME)
        colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3]))
    assert grounds["dark"] < 3 * 60 < 3 * 200 < grounds["light"]
