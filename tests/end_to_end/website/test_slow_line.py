"""Nothing moves that has been shown while the rest of a page is still on its way."""

import pytest

from tests.end_to_end.website.dripping import slow_line
from tests.end_to_end.website.kinds import kinds
from tests.end_to_end.website.watching import DESKTOP, PHONE, shift, show_all, watched

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
KINDS = ("home", "item", "why", "compare", "search")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_while_a_page_arrives(browser, demo, viewport):
    paths = kinds(demo.url, cold_id=demo.cold_id, user_id=demo.user_id)
    moved = {}
    with (
        slow_line(demo.url) as url,
        watched(browser, url, demo.pictures_url, viewport=viewport) as visitor,
    ):
        for kind in KINDS:
            visitor.open(paths[kind])
            show_all(visitor.page)
            amount, what = shift(visitor.page)
            if round(amount, 3):
                moved[kind] = (amount, what)
    assert moved == {}
