"""Ways through the website in a real browser: search, wander, compare, ask why, choose rows."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.end_to_end.website.kinds import answer
from tests.end_to_end.website.published import SITE
from tests.end_to_end.website.running import service
from tests.end_to_end.website.watching import PHONE, arrived

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
HOME = f"/{SITE}"


@pytest.fixture
def item(demo):
    """The most liked item, as the API tells of it."""
    return answer(demo.url, f"/items/{demo.item_id}")


@pytest.fixture
def item_path(demo):
    return f"{HOME}/items/{demo.item_id}"


def titles(page, within="main"):
    page.wait_for_load_state()
    return page.locator(f"{within} .card-title").all_inner_texts()


def trail_of(page):
    return parse_qs(urlsplit(page.url).query).get("trail", [""])[0].split(",")


def wander(page, n_steps):
    """Follow a card that leads on, so many times; titles of the items on the way."""
    way = [page.locator("h1").inner_text()]
    for number in range(n_steps):
        cards = page.locator("section.row .card-link")
        fresh = (n for n, title in enumerate(titles(page, "section.row")) if title not in way)
        cards.nth(next(fresh)).click()
        expect(page.locator(".trail li")).to_have_count(number + 2)
        page.wait_for_load_state()
        way.append(page.locator("h1").inner_text())
    return way


def type_in(page, text):
    """Type into the search box, and wait until what is suggested is for all of it."""
    box = page.get_by_role("searchbox")
    with page.expect_response(lambda response: response.url.endswith(f"?q={text}")):
        box.press_sequentially(text)
    expect(box).not_to_have_class(re.compile("htmx-request"))


def test_search_suggests_while_one_types_and_finds_on_enter(visit):
    watched = visit()
    page = watched.open(HOME)
    box = page.get_by_role("searchbox")
    type_in(page, "mou")
    suggestions = page.locator("#suggestions a")
    expect(suggestions.first).to_be_visible()
    expect(page.locator("#suggested")).to_contain_text("suggestion")
    page.keyboard.press("ArrowDown")
    expect(suggestions.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    expect(box).to_be_focused()
    box.fill("mouse")
    box.press("Enter")
    arrived(page, re.compile(r"/search\?q=mouse$"))
    assert any("mouse" in title.lower() for title in titles(page))
    watched.check()


def test_a_suggestion_leads_where_it_says(visit):
    page = visit().open(HOME)
    type_in(page, "penguin")
    first = page.locator("#suggestions a").first
    named = first.locator("bdi").first.inner_text()
    expect(first).to_contain_text(re.compile("penguin", re.IGNORECASE))
    first.click()
    expect(page.locator("h1")).to_contain_text(named)


def test_a_pasted_link_leads_to_its_item(visit, demo, item):
    watched = visit()
    page = watched.open(HOME)
    host = urlsplit(demo.pictures_url).netloc
    for form in (
        item["url"],
        f"{item['url']}?utm_source=elsewhere#comments",
        f"  {demo.pictures_url}/models/{demo.item_id}  ",
        item["embed_url"],
        item["url"].removeprefix("http://"),
        f"https://{host}/3d-models/another-title-{demo.item_id}",
        demo.item_id,
    ):
        page.get_by_role("searchbox").fill(form)
        page.get_by_role("searchbox").press("Enter")
        expect(page).to_have_url(f"{demo.url}{HOME}/items/{demo.item_id}")
        page.goto(demo.url + HOME)
    page.get_by_role("searchbox").fill("https://elsewhere.example/3d-models/x-1")
    page.get_by_role("searchbox").press("Enter")
    arrived(page, re.compile(r"/search\?"))
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("main .card").count() > 0, "a link to nothing leads somewhere all the same"
    watched.check()


def test_ten_steps_a_trail_back_and_the_same_trail_for_a_friend(visit, item_path):
    watched = visit()
    way = wander(watched.open(item_path), 10)
    page = watched.page
    assert len(set(way)) == 11
    assert len(trail_of(page)) == 10
    shared = page.locator("a.copy").get_attribute("href")
    friend = visit().open(shared)
    assert friend.locator("h1").inner_text() == way[10]
    assert (
        friend.locator(".trail li a").all_text_contents()
        == page.locator(".trail li a").all_text_contents()
    )
    page.locator(".trail li a").nth(4).click()
    expect(page.locator("h1")).to_have_text(way[4])
    expect(page.locator(".trail li")).to_have_count(5)
    page.go_back()
    expect(page.locator("h1")).to_have_text(way[10])
    page.get_by_role("link", name="Forget it").click()
    expect(page.locator(".trail")).to_have_count(0)
    expect(page.locator("h1")).to_have_text(way[10])
    watched.check()


def test_two_rows_are_compared_and_what_both_have_is_joined(visit, item_path):
    watched = visit()
    page = watched.open(item_path)
    page.locator(".controls summary").click()
    form = page.locator("form", has=page.get_by_text("Compare two"))
    form.get_by_label("One algorithm").select_option("item_graph")
    form.get_by_label("Another algorithm").select_option("ease")
    form.get_by_role("button", name="Compare").click()
    sides = page.locator(".versus-side")
    expect(sides).to_have_count(2)
    page.wait_for_load_state()
    expect(sides.first.locator("h2")).to_have_text("Liked together")
    common = [set(side.locator(".both .versus-title").all_inner_texts()) for side in sides.all()]
    assert common[0] == common[1] != set()
    assert page.locator(".ties path").count() == sides.first.locator(".both").count()
    assert str(sides.first.locator(".both").count()) in page.locator(".beside .lead").inner_text()
    watched.check()


def test_why_opens_over_the_page_and_closes_by_key(visit, item_path):
    watched = visit()
    page = watched.open(item_path)
    card = page.locator("#row-2 .card").first
    card.locator("a.why").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text(card.locator(".card-title").inner_text())
    expect(sheet).to_contain_text("Why is it here?")
    expect(page).to_have_url(re.compile(f"{item_path}$"))
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(card.locator("a.why")).to_be_focused()
    watched.check()


def test_a_row_is_switched_off_and_all_come_back(visit, item_path):
    watched = visit()
    page = watched.open(item_path)
    rows = page.locator("section.row")
    n_rows, gone = rows.count(), rows.nth(1).locator("h3").inner_text()
    rows.nth(1).get_by_role("link", name=f"Hide this row by {gone}").click()
    expect(rows).to_have_count(n_rows - 1)
    page.wait_for_load_state()
    assert gone not in page.locator("section.row h3").all_inner_texts()
    page.locator("section.row .card-link").first.click()
    expect(page.locator(".trail")).to_be_visible()
    page.wait_for_load_state()
    assert gone not in page.locator("section.row h3").all_inner_texts(), "it stays off on the way"
    page.locator(".controls summary").click()
    page.get_by_role("link", name="Show all rows").click()
    expect(rows).to_have_count(n_rows)
    watched.check()


def test_a_row_goes_on_in_its_place_with_more(visit, item_path):
    watched = visit()
    page = watched.open(item_path)
    row = page.locator("#row-2")
    before = titles(page, "#row-2")
    row.get_by_role("link", name=re.compile("^More")).click()
    expect(row.locator(".card-link").nth(len(before))).to_be_focused()
    after = titles(page, "#row-2")
    assert after[: len(before)] == before
    assert len(set(after)) > len(set(before))
    expect(page).to_have_url(re.compile(f"{item_path}$"))
    watched.check()


def test_the_player_loads_on_a_click_alone(visit, item_path, demo):
    watched = visit()
    page = watched.open(item_path)
    assert page.locator("iframe").count() == 0
    page.get_by_role("link", name="View it here").click()
    expect(page.locator("iframe")).to_have_attribute("src", re.compile(f"/{demo.item_id}/embed"))
    page.get_by_role("link", name="Back to the picture").click()
    expect(page.locator("iframe")).to_have_count(0)
    watched.check()


def test_a_tag_leads_on_from_page_to_page(visit, item_path):
    watched = visit(viewport=PHONE)
    page = watched.open(item_path)
    page.locator(".item a.chip:not(.category)").first.click()
    arrived(page, re.compile(f"{HOME}/tags/"))
    assert page.locator("main .card").count() > 0
    page.goto(watched.url + f"{HOME}/popular")
    first = titles(page)
    page.get_by_role("link", name="More", exact=True).click()
    expect(page.locator(".pager-here")).to_have_text("Page 2")
    assert not set(first) & set(titles(page)[:1])
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.locator(".pager-here")).to_have_text("Page 1")
    watched.check()


def test_votes_are_taken_where_they_are_asked_for_and_people_are_not_shown(visit, data, demo):
    with service(data, user_routes=False, feedback=True) as url:
        watched = visit(url)
        page = watched.open(f"{HOME}/items/{demo.item_id}")
        page.get_by_role("button", name=re.compile("^I prefer this row")).nth(1).click()
        expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
        watched.check()
        assert page.goto(f"{url}{HOME}/users/{demo.user_id}").status == 404
        expect(page.locator("h1")).to_be_visible()
        assert page.goto(f"{demo.url}{HOME}/users/{demo.user_id}").status == 200
