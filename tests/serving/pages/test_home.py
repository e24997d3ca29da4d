import re
from dataclasses import replace

import pytest

from tests.factories import SITE


def test_one_site_is_the_start(client):
    answer = client.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/{SITE}"


def test_a_service_without_a_site_says_so(tmp_path, serve):
    with serve(tmp_path) as client:
        assert "No site is published yet" in client.get("/").text


def test_the_home_has_shelves_and_the_notice_but_no_pseudonym(client, odd_site):
    page = client.get(f"/{SITE}")
    assert page.status_code == 200
    for shelf in ("Popular", "Trending", "New", "A handful at random"):
        assert f"<bdi>{shelf}</bdi></h2>" in page.text
    assert ">By tag</h2>" in page.text
    assert "These likes are simulated." in page.text
    assert not [user_id for user_id in odd_site.user_ids if user_id in page.text]


@pytest.mark.parametrize(
    "path", ["popular", "trending", "latest", "surprise?seed=", "tags/", "random"]
)
def test_every_shelf_leads_to_all_of_it(client, path):
    page = client.get(f"/{SITE}").text
    assert f'href="/{SITE}/{path}' in page


@pytest.mark.parametrize(
    ("path", "section"),
    [("", "Discover"), ("/taste", "My taste"), ("/../about", "About")],
)
def test_the_section_where_one_is_is_marked(client, path, section):
    page = client.get("/about" if "about" in path else f"/{SITE}{path}").text
    marked = re.findall(r'<a href="[^"]*"(?: data-taste)? aria-current="page">([^<]*)</a>', page)
    assert marked == [section]


@pytest.mark.parametrize(
    ("path", "section"), [("tags", ["Discover"]), ("popular", ["Discover"]), ("users/x", [])]
)
def test_pages_within_a_section_mark_it_too(client, path, section):
    page = client.get(f"/{SITE}/{path}", headers={"Accept": "text/html"}).text
    assert re.findall(r'aria-current="true">([^<]*)</a>', page) == section


def test_several_sites_have_a_page_to_begin_at(odd_snapshot, serve):
    with serve(odd_snapshot[0]) as client:
        snapshot = client.catalog.snapshots[SITE]
        other = replace(snapshot, site=snapshot.site.model_copy(update={"site": "other"}))
        client.catalog.snapshots = {SITE: snapshot, "other": other}
        page = client.get("/")
        assert page.status_code == 200
        assert re.findall(r'<h2><a href="([^"]*)">', page.text) == ["/other", f"/{SITE}"]
        faces = re.findall(r'<li><a href="([^"]*)" title=', page.text)
        assert len(faces) == 12
        assert "img-src 'self' 127.0.0.1" in page.headers["content-security-policy"]
        assert {client.get(href).status_code for href in faces} == {200}
        lost = client.get("/third", headers={"Accept": "text/html"})
        assert lost.status_code == 404
        assert 'href="/">To the start</a>' in lost.text
        assert "Popular on" not in lost.text


def test_a_page_is_kept_by_its_etag(client):
    page = client.get(f"/{SITE}")
    again = client.get(f"/{SITE}", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_that_is_known_keeps_the_policy_that_it_has(client):
    page = client.get(f"/{SITE}")
    known = client.get(f"/{SITE}", headers={"if-none-match": page.headers["etag"]})
    assert known.status_code == 304
    named = ("content-security-policy", "permissions-policy", "cross-origin-opener-policy")
    assert [known.headers.get_list(name) for name in named] == [
        page.headers.get_list(name) for name in named
    ]
    assert "script-src 'self'" in known.headers["content-security-policy"]
