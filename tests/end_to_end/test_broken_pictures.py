"""A picture that fails is the placeholder that is drawn below it, with scripts and without."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.snapshot import build
from tests.end_to_end.hostile_site import Answer, answers
from tests.end_to_end.website.running import chromium
from tests.factories import NOW, SITE, SmallSite
from tests.serving.conftest import publish

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]

OWN = "http://likewise.test"
POPULAR = f"/{SITE}/popular"
RULE = b".frame img::after {"
WAYS = {
    "no host": lambda route: route.abort(),
    "gone": lambda route: route.fulfill(status=404, body=""),
    "no picture": lambda route: route.fulfill(status=200, content_type="text/html", body="<p>"),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    data = tmp_path_factory.mktemp("broken")
    publish(data, build(data, SITE, SmallSite().contents(), now=NOW))
    return answers(data, paths=[POPULAR])


@pytest.fixture(scope="module")
def browser(pages: dict[str, Answer]) -> Iterator[Any]:
    assert pages  # asked on a loop of its own, which Playwright's would be in the way of
    with chromium() as found:
        yield found


def share_of_mat(browser: Any, pages: dict[str, Answer], fail: Any, *, scripts: bool) -> float:
    """Share of the first picture's place that is as white as the mat that pictures lie on."""
    context = browser.new_context(java_script_enabled=scripts, color_scheme="light")
    context.set_default_timeout(60_000)
    try:
        page = context.new_page()
        failed = []

        def answer(route: Any) -> None:
            found = pages.get(route.request.url.removeprefix(OWN))
            if found is not None:
                route.fulfill(status=found.status, headers=found.headers, body=found.body)
            else:
                failed.append(route.request.url)
                fail(route)

        context.route("**/*", answer)
        with page.expect_request(lambda one: one.url.removeprefix(OWN) not in pages):
            page.goto(OWN + POPULAR, wait_until="load")
        page.wait_for_load_state("networkidle")
        frame = page.locator(".frame").first
        assert failed
        with Image.open(io.BytesIO(frame.screenshot())) as taken:
            darkest = np.asarray(taken.convert("RGB")).min(axis=2)
        return float((darkest > 250).mean())
    finally:
        context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_fails_is_drawn(browser, pages, way, scripts):
    assert share_of_mat(browser, pages, WAYS[way], scripts=scripts) < 0.02


def test_without_the_rule_the_browsers_own_mark_would_show(browser, pages):
    plain = {
        path: replace(one, body=one.body.replace(RULE, b".nothing {")) if "css" in path else one
        for path, one in pages.items()
    }
    assert plain != pages
    assert share_of_mat(browser, plain, WAYS["gone"], scripts=False) > 0.5


def test_a_picture_that_comes_lies_on_its_mat(browser, pages):
    drawn = io.BytesIO()
    Image.new("RGB", (320, 180), "white").save(drawn, "PNG")

    def shown(route: Any) -> None:
        route.fulfill(status=200, content_type="image/png", body=drawn.getvalue())

    assert share_of_mat(browser, pages, shown, scripts=False) > 0.9
