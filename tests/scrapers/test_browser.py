from types import SimpleNamespace

import pytest
from scrapy import Request

from scrapers.browser import browser_settings, in_browser, refuses_all_but

SITE = "http://127.0.0.1:8000"


@pytest.mark.parametrize("kind", ["document", "script", "xhr", "fetch"])
def test_documents_scripts_and_data_of_the_site_may_be_loaded(kind):
    asked = SimpleNamespace(resource_type=kind, url=f"{SITE}/a")
    assert not refuses_all_but(frozenset({SITE}))(asked)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("image", f"{SITE}/a.png"), ("stylesheet", f"{SITE}/a.css"), ("font", f"{SITE}/a.woff"),
        ("media", f"{SITE}/a.mp4"), ("websocket", f"{SITE}/a"), ("ping", f"{SITE}/a"),
        ("script", "http://127.0.0.1:8001/a.js"), ("fetch", "https://ads.example/a"),
        ("document", "file:///etc/passwd"), ("document", "https://127.0.0.1:8000/"),
    ],
)  # fmt: skip
def test_nothing_else_may(kind, url):
    assert refuses_all_but(frozenset({SITE}))(SimpleNamespace(resource_type=kind, url=url))


def test_request_for_the_browser_keeps_what_it_carries():
    request = in_browser(Request(SITE, meta={"unit": "x"}, cb_kwargs={"page": 1}), "li")
    assert (request.meta["unit"], request.meta["playwright"]) == ("x", True)
    assert request.cb_kwargs == {"page": 1}


def test_only_the_sites_own_scheme_has_a_browser():
    handlers = browser_settings("https://a.org", frozenset({"https://a.org"}))["DOWNLOAD_HANDLERS"]
    assert "browser" in handlers["https"]
    assert "browser" not in handlers["http"]
