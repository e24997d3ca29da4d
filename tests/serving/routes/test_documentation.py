import base64
import hashlib
import re
from html import unescape

from serving.problems import KINDS


def test_docs_name_every_route_and_problem(client):
    page = unescape(client.get("/docs").text)
    for path, methods in client.app.openapi()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}<" in page
    for kind in KINDS:
        assert f'id="{kind}"' in page
    assert "1 to 100. Default 20." in page


def test_every_link_of_the_docs_works(client):
    page = client.get("/docs")
    own = [unescape(link) for link in re.findall(r'href="(/[^"]*)"', page.text)]
    assert own
    for link in own:
        assert client.get(link).status_code == 200, link


def test_the_docs_load_nothing_from_anywhere(client):
    page = client.get("/docs")
    assert not re.search(r"<(script|link|img|iframe|form)\b|url\(|@import", page.text)
    style = re.search("<style>(.*)</style>", page.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
