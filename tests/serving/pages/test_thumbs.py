"""Pictures through the service: by item, never by url; off unless the operator asks for them."""

import re
import shutil
from dataclasses import dataclass

import polars as pl
import pytest

from pipeline.hints import read_hints
from pipeline.snapshot import build
from serving.pages.links import thumb_url
from serving.thumbs.keeper import Thumbs
from tests.factories import NOW, SITE, SmallSite
from tests.serving.conftest import publish, serving
from tests.serving.thumbs.conftest import hosting, picture, replying

pytestmark = pytest.mark.usefixtures("no_hurry")
PAGES = ("", "/items/item-001", "/items/item-001/rows/lightfm_cf", "/taste?like=item-001")


@dataclass(frozen=True)
class PicturedSite(SmallSite):
    """The small site, with its pictures at another port of loopback, one elsewhere."""

    port: int = 0

    @property
    def items(self):
        rows = super().items.to_dicts()
        for row in rows:
            for one in row["thumbnails"]:
                one["url"] = one["url"].replace(":8000", f":{self.port}")
            if row["item_id"] == "item-005":
                row["thumbnails"] = [
                    {"url": "http://169.254.169.254/latest", "width": 64, "height": 64}
                ]
        return pl.DataFrame(rows, schema=super().items.schema)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A host of pictures, and a client of the service that shows them."""
    data = tmp_path_factory.mktemp("pictured")
    with hosting() as host:
        publish(data, build(data, SITE, PicturedSite(port=host.port).contents(), now=NOW))
        with serving(data, thumbs=True, feedback=True) as client:
            yield host, client


@pytest.fixture
def pictured(served):
    """The client, with no picture kept yet."""
    host, client = served
    host.asked.clear()
    host.replies = {
        f"/thumbs/item-{n:03d}-{w}.webp": replying(picture("WEBP", (w, w // 2)))
        for n in range(40)
        for w in (64, 320)
    }
    settings = client.catalog.settings
    for folder in (settings.cache / "pictures", settings.data / "feedback"):
        shutil.rmtree(folder, ignore_errors=True)
    return client


@pytest.fixture
def host(served):
    return served[0]


def test_a_picture_is_small_webp_that_may_be_kept(pictured, host):
    answer = pictured.get(thumb_url(SITE, "item-001", 64))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert host.asked == {"/thumbs/item-001-64.webp": 1}
    known = {"if-none-match": answer.headers["etag"]}
    again = pictured.get(thumb_url(SITE, "item-001", 64), headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert pictured.request("HEAD", thumb_url(SITE, "item-001", 64)).content == b""


def test_a_size_wants_the_picture_that_fits(pictured, host):
    assert pictured.get(thumb_url(SITE, "item-002", 640)).status_code == 200
    assert host.asked == {"/thumbs/item-002-320.webp": 1}


@pytest.mark.parametrize(
    "path",
    [
        thumb_url(SITE, "item-001", 65),
        thumb_url(SITE, "item-001", 0),
        f"/thumb/{SITE}/item-001/0640",
        f"/thumb/{SITE}/item-001/64.0",
        thumb_url(SITE, "nobody", 64),
        thumb_url("nowhere", "item-001", 64),
        f"/thumb/{SITE}/http:%2F%2Fevil.example%2Fa.png/64",
        f"/thumb/{SITE}/item-001",
    ],
)
def test_nothing_else_is_there(pictured, host, path):
    answer = pictured.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert not host.asked


def test_what_cannot_be_had_is_drawn_and_hinted_at(pictured, host):
    host.replies["/thumbs/item-003-64.webp"] = replying(b"<svg onload='x()'/>")
    answer = pictured.get(thumb_url(SITE, "item-003", 64))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert b">M3<" in answer.content
    assert b"onload" not in answer.content
    assert read_hints(pictured.catalog.settings.data, SITE) == ["item-003"]


@pytest.mark.parametrize("item_id", ["item-005", "item-039"])
def test_a_picture_elsewhere_or_none_is_drawn_and_nobody_is_asked(pictured, host, item_id):
    answer = pictured.get(thumb_url(SITE, item_id, 64))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert not host.asked
    assert read_hints(pictured.catalog.settings.data, SITE) == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_these_pictures_alone(pictured, path):
    page = pictured.get(f"/{SITE}{path}", headers={"accept": "text/html"})
    shown = re.findall(r'<img src="([^"]*)"', page.text)
    assert shown
    assert all(re.fullmatch(rf"/thumb/{SITE}/item-\d+/(64|320|640)", one) for one in shown)
    assert "/thumbs/" not in page.text
    policy = page.headers["content-security-policy"].split("; ")
    assert "img-src 'self'" in policy


def test_off_there_is_no_route_and_pictures_are_the_sites(client):
    assert client.get(thumb_url(SITE, "item-001", 64)).status_code == 404
    page = client.get(f"/{SITE}/items/item-001")
    assert "/thumb/" not in page.text
    assert "http://127.0.0.1:8000/thumbs/item-001-320.webp" in page.text
    assert "img-src 'self' 127.0.0.1:*;" in page.headers["content-security-policy"]


def test_switching_it_on_makes_other_pages_of_the_same_snapshot(client):
    off = client.get(f"/{SITE}").headers["etag"]
    assert client.get(f"/{SITE}", headers={"if-none-match": off}).status_code == 304
    with serving(client.catalog.settings.data, thumbs=True) as on:
        assert on.get(f"/{SITE}", headers={"if-none-match": off}).status_code == 200


def test_a_service_that_stops_waits_for_no_more_pictures(data, monkeypatch):
    closed = []

    def close(thumbs):
        closed.append(thumbs)

    monkeypatch.setattr(Thumbs, "close", close)
    with serving(data, thumbs=True):
        assert closed == []
    assert len(closed) == 1
