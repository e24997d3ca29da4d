"""Every link of every page leads somewhere, whatever the ids are; pages of lists make the whole."""

import re
from html import unescape

import pytest

from serving.pages.links import item_url
from tests.factories import SITE

HTML = {"Accept": "text/html"}
_BESIDE = ("/docs", "/static/", "/health/", "/v1/")
_ELSEWHERE = re.compile(r"/taste\?|[?&](trail|off|voted|play)=|/search\?|/(compare|why|rows)\b")


def links_of(page):
    hrefs = re.findall(r'<a\b[^>]*?href="([^"]*)"', page.text)
    found = {unescape(href).partition("#")[0] for href in hrefs}
    return {href for href in found if href.startswith("/") and not _ELSEWHERE.search(href)}


@pytest.fixture(scope="module")
def crawled(client):
    """Pages by path that are reached from the home, less those that other tests follow."""
    pages, waiting = {}, [f"/{SITE}"]
    while waiting:
        path = waiting.pop()
        if path not in pages:
            pages[path] = page = client.get(path, headers=HTML)
            waiting += [href for href in links_of(page) if not href.startswith(_BESIDE)]
    return pages


def test_every_link_of_every_page_leads_somewhere(crawled):
    broken = {path: page.status_code for path, page in crawled.items() if page.status_code >= 400}
    assert not broken
    assert len(crawled) > 70
    kinds = ("items/", "tags/", "creators/", "categories/", "taste", "popular?cursor=", "surprise?")
    for kind in kinds:
        assert [path for path in crawled if path.startswith(f"/{SITE}/{kind}")], kind


def test_no_page_shows_a_pseudonym(crawled, odd_site):
    known = re.compile("|".join(odd_site.user_ids))
    assert not [path for path, page in crawled.items() if known.search(page.text)]
    assert known.search(" ".join(odd_site.user_ids))


def test_pages_hold_no_inline_script_or_style(crawled):
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=\"|javascript:")
    found = {
        path: inline.findall(page.text) for path, page in crawled.items() if path[-4:] != ".svg"
    }
    assert not {path: one for path, one in found.items() if one}
    assert inline.search('<p style="x">')


def cards_of(page):
    return re.findall(r'class="card-link" href="([^"]*)"', page.text)


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("popular", "popular?k=100"),
        ("trending", "trending?k=100"),
        ("latest", "latest?k=100"),
        ("surprise?seed=7", "random?seed=7&k=100"),
        ("tags/boat", "tags/boat/items?k=100"),
    ],
)
def test_pages_of_a_list_make_the_whole_of_it(client, path, api):
    page = client.get(f"/{SITE}/{path}")
    seen, numbers = cards_of(page), ["1"]
    while more := re.findall(r'rel="next" href="([^"]*)"', page.text):
        before = page
        page = client.get(unescape(more[0]))
        (back,) = re.findall(r'rel="prev" href="([^"]*)"', page.text)
        assert cards_of(client.get(unescape(back))) == cards_of(before)
        numbers += re.findall(r'pager-here">Page (\d+)', page.text)
        seen += cards_of(page)
    listed = client.get(f"/v1/{SITE}/{api}").json()["items"]
    expected = [item_url(SITE, one["item_id"]) for one in listed]
    assert seen == expected
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
