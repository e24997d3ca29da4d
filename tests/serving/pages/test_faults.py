import re
from html import unescape

import pytest

from serving.lists.cursor import encode_cursor
from tests.factories import SITE

HTML = {"Accept": "text/html,*/*"}
STALE = encode_cursor("20200101T000000Z-000000", 24)


def fault(client, path, status):
    page = client.get(path, headers=HTML)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    return page.text


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        (f"/{SITE}/nothing/here", "There is nothing here"),
        ("/elsewhere", "There is no such site here"),
        (f"/{SITE}/items/gone", "This item is not here"),
        (f"/{SITE}/creators/nobody", "Nothing goes by that name"),
        (f"/{SITE}/users/nobody", "There is nobody of that pseudonym"),
    ],
)
def test_what_is_not_there_says_what_was_asked_and_offers_ways_on(client, path, heading):
    page = fault(client, path, 404)
    assert f"<h1>{heading}</h1>" in page
    assert f"<bdi>{path}</bdi>" in page
    assert "Popular on Sketchfab" in page
    assert f'action="/{SITE}/search"' in page
    for href in re.findall(r'class="(?:card-link|button[^"]*)" href="([^"]*)"', page):
        assert client.get(unescape(href)).status_code in {200, 303}, href


def test_what_was_asked_is_escaped(client):
    page = fault(client, f"/{SITE}/items/%3Cscript%3Ealert(1)", 404)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path", ["popular", "surprise?seed=3", "tags/boat", "search?q=model", "tags"]
)
def test_a_stale_cursor_says_so_and_the_list_begins_again(client, path):
    sign = "&" if "?" in path else "?"
    page = fault(client, f"/{SITE}/{path}{sign}cursor={STALE}", 409)
    assert "This list has been renewed" in page
    (again,) = re.findall(r'<a class="button" href="([^"]*)">Begin again', page)
    assert unescape(again) == f"/{SITE}/{path}"


def test_what_is_wrong_in_an_address_is_named(client):
    page = fault(client, f"/{SITE}/popular?cursor=nonsense", 422)
    assert "That did not work" in page
    assert "<strong><bdi>cursor</bdi></strong>" in page
    assert "names no page of this list" in page
    assert "<bdi>nonsense</bdi>" in page
    assert f'href="/{SITE}/popular">Begin again' in page
    assert "Begin again" not in fault(client, f"/{SITE}/surprise?seed=-1", 422)


def test_the_way_of_asking_may_be_the_fault(client):
    page = client.request("POST", f"/{SITE}/popular", headers=HTML)
    assert page.status_code == 405
    assert "GET" in page.headers["allow"]
    assert "That did not work" in page.text


def test_programs_get_problems(client):
    assert client.get(f"/{SITE}/items/gone").headers["content-type"] == "application/problem+json"
    answer = client.get(f"/v1/{SITE}/items/gone", headers=HTML)
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_any_site_a_fault_leads_to_the_start(tmp_path, serve):
    with serve(tmp_path) as client:
        page = client.get("/anything", headers=HTML)
    assert page.status_code == 404
    assert '<a class="button quiet" href="/">To the start</a>' in page.text


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (f"/{SITE}/", f"/{SITE}"),
        (f"/{SITE}/items/a%2Fb/?play=1", f"/{SITE}/items/a%2Fb?play=1"),
        ("//evil.example/", "/evil.example"),
        ("/%5Cevil.example//", "/%5Cevil.example"),
    ],
)
def test_a_slash_too_many_leads_to_the_page_here(client, path, where):
    page = client.get(f"http://likewise{path}", headers=HTML)
    assert (page.status_code, page.headers["location"]) == (308, where)
    assert page.headers["cache-control"] == "no-store"


def test_a_slash_leads_nowhere_for_programs_and_at_the_start(client):
    assert client.get(f"/{SITE}/").status_code == 404
    assert client.get("http://likewise//", headers=HTML).headers["location"] == "/"
    assert client.get("/", headers=HTML).headers["location"] == f"/{SITE}"


def test_a_target_that_is_no_path_is_not_found(client):
    async def asked():
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "*",
            "raw_path": b"*",
            "query_string": b"",
            "headers": [(b"accept", b"text/html")],
        }
        await client.app(scope, None, send)
        return sent

    head, body = client.run(asked())
    assert head["status"] == 404
    assert b"There is nothing here" in body["body"]
