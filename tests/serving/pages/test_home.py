import re

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


def test_a_page_is_kept_by_its_etag(client):
    page = client.get(f"/{SITE}")
    again = client.get(f"/{SITE}", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
