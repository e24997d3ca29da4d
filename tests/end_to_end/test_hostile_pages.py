"""Three hundred hostile texts on every kind of page, in Chromium: none of them does anything.

Pages are answered to the browser as the service answers them, once with their content policy and
once without it, so that escaping is seen to hold by itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error

from serving.pages.website import TEMPLATES
from tests.end_to_end.hostile_site import ITEM, SITE, Answer, answers, publish_hostile_site
from tests.end_to_end.website.running import chromium
from tests.hostile_strings import HOSTILE

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]

OWN, PICTURES = "http://likewise.test", "127.0.0.1:8000"
PHONE = {"width": 390, "height": 844}
POLICY = "content-security-policy"
MARKER = "window.hit = (place) => { console.debug('hit', place); };"
LOOK = Path(__file__).with_name("hostile_look.js").read_text()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    publish_hostile_site(folder)
    return folder


@pytest.fixture(scope="module")
def pages(data: Path) -> dict[str, Answer]:
    return answers(data)


@pytest.fixture(scope="module")
def browser(pages: dict[str, Answer], planted: dict[str, Any]) -> Iterator[Any]:
    assert pages  # asked on loops of their own, which Playwright's would be in the way of
    assert planted
    with chromium() as found:
        yield found


@contextmanager
def visitor(browser: Any, pages: dict[str, Answer], *, guarded: bool) -> Iterator[Any]:
    """What opens a path on a phone and gives all that went wrong there."""
    context = browser.new_context(viewport=PHONE, color_scheme="light")
    context.set_default_timeout(60_000)
    context.add_init_script(MARKER)
    page = context.new_page()
    faults: list[str] = []

    def answer(route: Any) -> None:
        parts = urlsplit(route.request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if f"{parts.scheme}://{parts.netloc}" == OWN:
            found = pages.get(path) or Answer(404, {}, b"")
            kept = {k: v for k, v in found.headers.items() if guarded or k != POLICY}
            route.fulfill(status=found.status, headers=kept, body=found.body)
            return
        if parts.netloc != PICTURES:
            faults.append(f"asked {parts.netloc}")
        route.abort()

    def closed(dialog: Any) -> None:
        faults.append(f"dialog {dialog.message}")
        dialog.dismiss()

    context.route("**/*", answer)
    context.on("dialog", closed)
    context.on("page", lambda _: faults.append("another page"))
    page.on("pageerror", lambda error: faults.append(f"error {error.message}"))

    def said(message: Any) -> None:
        if message.text.startswith("hit "):
            faults.append(f"ran {message.text}")

    page.on("console", said)

    def visit(path: str) -> list[str]:
        faults.clear()
        try:
            page.goto(OWN + path, wait_until="load")
            seen = page.evaluate(LOOK, PICTURES)
        except Error as err:
            return [*faults, f"went {err.message.splitlines()[0]}"]
        marked = [f"has {one}" for one in seen["odd"]]
        wide = [f"{seen['wide']} pixels too wide"] if seen["wide"] > 0 else []
        empty = [] if seen["text"] else ["nothing to read"]
        left = [] if page.url.startswith(OWN) else [f"went to {page.url}"]
        return [*faults, *marked, *wide, *empty, *left]

    visit.page = page  # type: ignore[attr-defined]
    try:
        yield visit
    finally:
        context.close()


def html_of(pages: dict[str, Answer]) -> list[str]:
    return [
        path
        for path, one in pages.items()
        if one.headers.get("content-type", "").startswith("text/html")
    ]


def faults_of(browser: Any, pages: dict[str, Answer], *, guarded: bool) -> dict[str, list[str]]:
    """Everything that went wrong, by page."""
    with visitor(browser, pages, guarded=guarded) as visit:
        found = {path: visit(path) for path in html_of(pages)}
    return {path: faults for path, faults in found.items() if faults}


@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "without it"])
def test_no_text_does_anything_on_any_page(browser, pages, guarded):
    assert len(html_of(pages)) > 40
    assert faults_of(browser, pages, guarded=guarded) == {}


def test_every_text_is_on_the_pages(browser, pages):
    with visitor(browser, pages, guarded=False) as visit:
        visit(next(path for path in pages if path.endswith(f"{ITEM}?play=1")))
        chips = visit.page.locator(".chip").count()
        titles = 0
        for path in [path for path in pages if path.startswith(f"/{SITE}/popular")]:
            visit(path)
            titles += visit.page.locator(".card-title").count()
    assert len(HOSTILE) >= 300
    assert titles == len(HOSTILE)
    assert chips > 250  # some are one tag, as they have the same letters


PLANTS = {
    "a title": ("_cards.html", "<bdi>{{ card.title }}</bdi>", "{{ card.title | safe }}"),
    "an attribute": ("_cards.html", 'alt=""', "alt={{ card.title | safe }}"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_template_that_does_not_escape_fails_the_same_check(planted, browser, plant):
    told = sorts_of(faults_of(browser, planted[plant], guarded=False))
    assert told & {"ran", "dialog"}
    assert told & {"has", "went"}
    # The policy holds where a template does not; only where the page leads to is left open.
    told = sorts_of(faults_of(browser, planted[plant], guarded=True))
    assert told & {"has", "went"}
    assert not told & {"ran", "dialog"}


def sorts_of(found: dict[str, list[str]]) -> set[str]:
    return {fault.split()[0] for faults in found.values() for fault in faults}


@pytest.fixture(scope="module")
def planted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Answer]]:
    """The first page of all items, and what it is made with, by each unsafe template."""
    made = {}
    for name, (template, safe, unsafe) in PLANTS.items():
        folder = tmp_path_factory.mktemp("planted") / "templates"
        shutil.copytree(TEMPLATES, folder)
        text = (folder / template).read_text()
        assert safe in text
        (folder / template).write_text(text.replace(safe, unsafe))
        made[name] = answers(data, folder, [f"/{SITE}/popular"])
    return made
