"""Nothing moves that has been shown while the rest of a page is still on its way."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.end_to_end.website.dripping import slow_line
from tests.end_to_end.website.kinds import kinds
from tests.end_to_end.website.watching import DESKTOP, PHONE, shift, show_all, watched
from tests.services import answering

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]
KINDS = ("home", "item", "why", "compare", "search")
HELD = '<link rel="expect" href="#end" blocking="render">'
MOVING = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>What comes later stands higher</title>
<style>body {{ display: flex; flex-direction: column-reverse }}</style>
%s
</head>
<body>
{"<p>This stands above what came before it</p>" * 20}
<p id="end">The end</p>
</body>
</html>
"""


class Moving(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((MOVING % (HELD if self.path == "/held" else "")).encode())

    def log_message(self, *_):
        pass


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


def test_a_page_made_to_move_is_seen_to_unless_it_is_drawn_once_whole(browser):
    moved = {}
    with (
        answering(ThreadingHTTPServer(("127.0.0.1", 0), Moving)) as made,
        slow_line(made) as url,
        watched(browser, url, url) as visitor,
    ):
        for path in ("/", "/held"):
            visitor.open(path)
            show_all(visitor.page)
            moved[path], _ = shift(visitor.page)
    assert moved["/"] > 0.05
    assert moved["/held"] == 0
