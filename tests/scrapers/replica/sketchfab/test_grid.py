"""The infinite grid in a real browser: only scripts fill it, only scrolling extends it."""

import threading

import pytest
import uvicorn

from scrapers.chromium import FLAGS, find_chromium
from scrapers.replica.server import listen, url_of
from scrapers.replica.sketchfab.app import create_app

pytestmark = pytest.mark.browser


@pytest.fixture
def site_url(world):
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    config = uvicorn.Config(create_app(world, url), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url
    server.should_exit = True
    thread.join()


@pytest.fixture
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield chromium
        chromium.close()


def _open(browser, url, **options):
    page = browser.new_page(**options)
    page.goto(url)
    return page


def test_24_models_stand_there_and_scrolling_loads_the_rest(browser, site_url, world):
    page = _open(browser, f"{site_url}/models?sort_by=-likeCount")
    page.wait_for_selector(".infinite-grid.is-loaded")
    items = page.locator(".infinite-grid > li.item")
    assert items.count() == 24
    for expected in (48, len(world.items)):
        page.mouse.wheel(0, 100_000)
        page.wait_for_function(
            "n => document.querySelectorAll('li.item').length === n", arg=expected
        )
    uids = items.evaluate_all("all => all.map(item => item.dataset.uid)")
    assert uids == [item.item_id for item in world.items]
    names = items.evaluate_all(
        "all => all.map(item => item.querySelector('meta[itemprop=name]').content)"
    )
    assert names == [item.title for item in world.items]


def test_a_page_is_asked_for_by_number_and_one_past_the_end_is_marked(browser, site_url):
    page = _open(browser, f"{site_url}/models?sort_by=-likeCount&page=3")
    page.wait_for_selector(".infinite-grid.is-loaded:not(.is-empty)")
    assert page.locator("li.item").count() == 3
    page.goto(f"{site_url}/models?sort_by=-likeCount&page=4")
    page.wait_for_selector(".infinite-grid.is-loaded.is-empty")
    assert page.locator("li.item").count() == 0


def test_nothing_stands_there_without_scripts(browser, site_url):
    page = _open(browser, f"{site_url}/models", java_script_enabled=False)
    assert page.locator(".infinite-grid").count() == 1
    assert page.locator("li.item, .is-loaded").count() == 0


def test_a_grid_that_cannot_be_read_is_marked_failed(browser, site_url):
    page = browser.new_page()
    page.route("**/i/search?*", lambda route: route.fulfill(status=503))
    page.goto(f"{site_url}/models")
    page.wait_for_selector(".infinite-grid.is-failed")
    assert page.locator(".is-loaded").count() == 0
