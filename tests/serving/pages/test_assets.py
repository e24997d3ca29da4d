"""What pages link to is named by what is in it, kept for ever under that name, and sent once."""

import re

import pytest

from serving.pages.assets import STATIC, asset_url, read_assets
from tests.factories import SITE

ASSETS = read_assets()


def test_every_file_of_the_folder_is_an_asset():
    assert set(ASSETS) == {path.name for path in STATIC.iterdir()}


def test_a_page_links_to_assets_by_their_version(client):
    linked = re.findall(r'(?:href|src)="(/static/[^"]*)"', client.get(f"/{SITE}").text)
    assert asset_url(ASSETS, "base.css") in linked
    for url in linked:
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=0", "?v=0&v=1"])
def test_an_asset_without_its_version_is_kept_for_an_hour(client, query):
    answer = client.get(f"/static/base.css{query}")
    assert answer.content == (STATIC / "base.css").read_bytes()
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_who_has_an_asset_is_not_sent_it_again(client):
    plain = {"accept-encoding": "identity"}  # compressed it is weakly the same
    tag = client.get("/static/base.css", headers=plain).headers["etag"]
    assert client.get("/static/likewise.js", headers=plain).headers["etag"] != tag
    for named in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/static/base.css", headers={"if-none-match": named})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for other in ('"other"', tag.replace('"', ""), f'"x{tag[1:]}', "*"):
        assert client.get("/static/base.css", headers={"if-none-match": other}).status_code == 200


@pytest.mark.parametrize("name", ["none.css", "..%2Fapp.py", "%2Fetc%2Fpasswd", "x" * 500])
def test_what_is_no_asset_is_not_found(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_another_content_has_another_address(tmp_path):
    urls = set()
    for content in ("a{}", "b{}"):
        (tmp_path / "x.css").write_text(content)
        urls.add(asset_url(read_assets(tmp_path), "x.css"))
    assert len(urls) == 2
