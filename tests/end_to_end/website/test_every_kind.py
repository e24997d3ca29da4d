"""Every kind of page in a real browser: what it asks for, moves, breaks, and whom it shuts out."""

import pytest

from tests.end_to_end.website.judging import COLOURS, html_faults, inaccessible
from tests.end_to_end.website.kinds import FAULTS, kinds
from tests.end_to_end.website.validating import body
from tests.end_to_end.website.watching import DESKTOP, PHONE, overflow, shift, show_all, watched

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
BROKEN = """() => [...document.images]
  .filter((image) => image.complete && image.naturalWidth === 0).map((image) => image.src)"""


@pytest.fixture(scope="module")
def paths(demo):
    return kinds(demo.url, cold_id=demo.cold_id, user_id=demo.user_id)


@pytest.fixture(scope="module")
def visitor(browser, demo):
    """One page that goes from kind to kind, as people do: what it has loaded it keeps."""
    with watched(browser, demo.url, demo.pictures_url) as one:
        yield one


KINDS = (
    "home", "item", "item alone", "item without likes", "item with rows off",
    "item with its player", "row", "why", "compare", "search", "nothing found",
    "search without words", "first taste", "taste", "tags", "tag", "categories", "category",
    "creators", "creator", "popular", "surprise", "person", "models", "about", "no such item",
    "no such page", "no such link",
)  # fmt: skip


def test_no_kind_is_left_out(paths):
    assert set(KINDS) == set(paths)


@pytest.mark.parametrize("kind", KINDS)
def test_page_is_sound(visitor, paths, kind):
    visitor.complaints.clear()
    page = visitor.page
    page.set_viewport_size(DESKTOP)
    visitor.open(paths[kind])
    show_all(page)
    moved, what = shift(page)
    assert round(moved, 3) == 0, f"moved after it was shown: {what}"
    assert page.evaluate(BROKEN) == []
    assert inaccessible(page) == []
    page.emulate_media(color_scheme="dark")
    assert inaccessible(page, *COLOURS) == [], "in the dark"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    assert overflow(page) == [], "on a phone"
    visitor.check()


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_as_the_standard_wants_it(demo, paths, kind):
    status, text = body(demo.url + paths[kind])
    assert status == (404 if kind in FAULTS else 200)
    assert html_faults(text) == []


def planted(visit, demo, old, new, path="/sketchfab", **options):
    """A page with a fault in it, open."""
    watched = visit(bypass_csp=True, **options)
    _, text = body(demo.url + path)
    assert old in text
    watched.page.route("https://elsewhere.example/**", lambda route: route.abort())
    watched.page.route(
        f"{demo.url}{path}",
        lambda route: route.fulfill(body=text.replace(old, new, 1), content_type="text/html"),
    )
    watched.open(path)
    return watched


def test_faults_of_access_are_found(visit, demo):
    fault = (
        "<button></button><p><style>.pale { color: light-dark(#ccc, #333) }</style>"
        '<span class="pale">Hardly to be read</span></p></main>'
    )
    page = planted(visit, demo, "</main>", fault).page
    found = [one.split()[0] for one in inaccessible(page)]
    assert found == ["button-name", "color-contrast"]
    page.emulate_media(color_scheme="dark")
    assert [one.split()[0] for one in inaccessible(page, *COLOURS)] == ["color-contrast"]


def test_faults_of_the_browser_are_found(visit, demo):
    fault = '<img src="https://elsewhere.example/a.png" alt=""><p id="wide">wide</p></main>'
    watched = planted(visit, demo, "</main>", fault, viewport=PHONE)
    page = watched.page
    page.evaluate("() => { document.querySelector('#wide').style.inlineSize = '80rem' }")
    assert "wide" in overflow(page)[0]
    page.evaluate(
        """() => new Promise((resolve) => {
          new PerformanceObserver(resolve).observe({type: "layout-shift", buffered: true});
          document.querySelector("main").style.paddingTop = "9rem";
        })"""
    )
    assert shift(page)[0] > 0
    assert "https://elsewhere.example/a.png" in page.evaluate(BROKEN)
    with pytest.raises(AssertionError, match=r"foreign host: https://elsewhere\.example"):
        watched.check()


def test_inline_script_and_style_are_refused_and_told(visit, demo):
    watched = visit()
    page = watched.open("/about")
    page.evaluate("() => document.body.setAttribute('onclick', 'window.ran = 1')")
    page.evaluate("() => document.body.setAttribute('style', 'color: red')")
    page.locator("h1").click()
    assert page.evaluate("() => 'ran' in window") is False
    with pytest.raises(AssertionError, match="script-src-attr inline"):
        watched.check()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("</main>", "</em></main>", "unexpected-end-tag"),
        ("</main>", '<p id="main">a</p></main>', "id 'main' stands 2 times"),
        ("</main>", "<p>a &nosuch b</p></main>", "expected-named-entity"),
        ("<title>", "<title >", None),
    ],
)
def test_faults_of_html_are_found(demo, old, new, told):
    _, text = body(demo.url + "/sketchfab")
    found = html_faults(text.replace(old, new, 1))
    assert (told is None) == (found == [])
    assert told is None or told in found[0]
