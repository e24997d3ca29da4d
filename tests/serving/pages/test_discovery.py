import re
from html import unescape
from urllib import robotparser
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from fastapi import FastAPI

from serving.pages import discovery
from serving.pages.website import build_website
from tests.factories import SITE
from tests.serving.conftest import connect
from tests.serving.hand_made import snapshot_of

PLACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def places(text):
    return [element.text for element in ET.fromstring(text).iter(PLACE)]


def test_the_sitemap_has_every_item_and_tag_and_nothing_else(client, odd_site):
    answer = client.get("/sitemap.xml")
    assert answer.headers["content-type"] == "application/xml"
    found = places(answer.text)
    tags = client.get(f"/v1/{SITE}/tags", params={"k": 100}).json()["groups"]
    assert len(found) == len(set(found)) == len(odd_site.item_ids) + len(tags)
    for place in found:
        assert place.startswith((f"http://likewise/{SITE}/items/", f"http://likewise/{SITE}/tags/"))
        path = place.removeprefix("http://likewise")
        page = client.get(path)
        assert page.status_code == 200
        assert f'rel="canonical" href="{path}"' in unescape(page.text)


def test_a_large_sitemap_is_an_index_of_several(client):
    app = FastAPI()
    app.include_router(discovery.build_router(build_website(client.catalog), max_urls=20))

    async def asked(path):
        async with connect(app) as http:
            return await http.get(path)

    def get(path):
        return client.run(asked(path))

    whole = places(client.get("/sitemap.xml").text)
    index = get("/sitemap.xml")
    assert "<sitemapindex" in index.text
    parts = [get(urlsplit(place).path) for place in places(index.text)]
    assert len(parts) == -(-len(whole) // 20)
    assert [place for part in parts for place in places(part.text)] == whole


def test_a_part_makes_no_urls_but_its_own(monkeypatch):
    sites = [snapshot_of(n, groups={"tag": {"boat": [0], "cat": [1]}}) for n in (5, 7)]
    whole = list(discovery._paths(sites, 0, 99))
    assert len(whole) == len(sites) * 2 + 5 + 7
    made = []
    for name in ("item_url", "group_url"):
        real = getattr(discovery, name)
        monkeypatch.setattr(
            discovery, name, lambda *asked, real=real: made.append(asked) or real(*asked)
        )
    for start in range(len(whole)):
        for stop in range(start, len(whole) + 3):
            made.clear()
            assert list(discovery._paths(sites, start, stop)) == whole[start:stop]
            assert len(made) == len(whole[start:stop])


def test_one_sitemap_is_packed_between_two_requests():
    longest = len(f"<url><loc>https://likes.example/{SITE}/items/{'0' * 64}</loc></url>")
    assert discovery.MAX_URLS * longest < 2**20


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_a_part_that_is_not_there_is_not_found(client, number):
    assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_absolute_addresses_are_those_that_the_operator_names(odd_snapshot, serve):
    data, _ = odd_snapshot
    with serve(data, public_url="https://likes.example/") as client:
        assert places(client.get("/sitemap.xml").text)[0].startswith("https://likes.example/")
        assert "Sitemap: https://likes.example/sitemap.xml" in client.get("/robots.txt").text
        page = client.get(f"/{SITE}").text
    assert f'<link rel="canonical" href="https://likes.example/{SITE}">' in page
    assert f'<meta property="og:url" content="https://likes.example/{SITE}">' in page


def test_engines_are_kept_from_what_is_private_or_endless(client):
    rules = client.get("/robots.txt").text
    closed = [re.escape(path).replace(r"\*", ".*") for path in re.findall("Disallow: (.*)", rules)]

    def is_open(path):
        return not any(re.match(rule, path) for rule in closed)

    for path in ("taste", "taste?like=a", "users/0", "search?q=a", "random", "items/a?trail=b"):
        assert not is_open(f"/{SITE}/{path}"), path
    for path in ("items/a?off=popular&off=best", "items/a?play=1", "popular?cursor=a"):
        assert not is_open(f"/{SITE}/{path}"), path
    assert not is_open(f"/v1/{SITE}/popular")
    for path in ("", "/items/a", "/tags/boat", "/tags", "/popular", "/models"):
        assert is_open(f"/{SITE}{path}"), path
    parser = robotparser.RobotFileParser()
    parser.parse(rules.splitlines())
    assert parser.site_maps() == ["http://likewise/sitemap.xml"]
    assert not parser.can_fetch("any", "http://likewise/v1/sites")


def test_the_icon_is_at_its_usual_place_too(client):
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    again = client.get("/favicon.ico", headers={"If-None-Match": icon.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_that_is_kept_does_not_repeat_the_host_that_was_asked(client, data, serve):
    for path in (f"/{SITE}", f"/{SITE}/items/item-001", "/about"):
        page = client.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in page.text
    for path in ("/sitemap.xml", "/robots.txt"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert "evil.example" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    with serve(data, public_url="https://likes.example") as named:
        page = named.get(f"/{SITE}")
        assert f'property="og:url" content="https://likes.example/{SITE}"' in page.text
        sitemap = named.get("/sitemap.xml", headers={"Host": "evil.example"}).text
        assert "evil.example" not in sitemap
