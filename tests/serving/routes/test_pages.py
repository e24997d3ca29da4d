import base64
import hashlib
import re
from html import unescape

from serving.problems import KINDS
from tests.factories import SITE


def links(page):
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', page.text)]


def test_every_link_of_the_start_page_works(client):
    page = client.get("/")
    own = [link for link in links(page) if link.startswith("/")]
    assert len([link for link in own if link.startswith(f"/v1/{SITE}")]) == 4
    for link in own:
        assert client.get(link).status_code == 200, link


def test_the_start_page_shows_no_pseudonym(client, odd_site):
    page = client.get("/")
    assert not [user_id for user_id in odd_site.user_ids if user_id in page.text]
    assert "These likes are simulated." in page.text


def test_a_page_without_a_site_says_so(tmp_path, serve):
    with serve(tmp_path) as client:
        assert "No site is served yet" in client.get("/").text


def test_docs_name_every_route_and_problem(client):
    page = unescape(client.get("/docs").text)
    for path, methods in client.app.openapi()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}<" in page
    for kind in KINDS:
        assert f'id="{kind}"' in page
    assert "1 to 100. Default 20." in page


def test_pages_load_nothing_from_anywhere(client):
    for path in ("/", "/docs"):
        page = client.get(path)
        assert not re.search(r"<(script|link|img|iframe|form)\b|url\(|@import", page.text)
        style = re.search("<style>(.*)</style>", page.text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]
        assert page.headers["content-type"] == "text/html; charset=utf-8"
