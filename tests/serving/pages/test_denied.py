"""What the operator denies stands on no page, and what is not denied still does."""

import re
from html import unescape
from urllib.parse import unquote

from tests.factories import SITE, SmallSite
from tests.serving.test_denied import denied_ids, deny

SMALL = SmallSite()
_ASKED = ("search?q=model", "suggestions?q=model", "taste?like=item-001&not=item-000", "random")
_BESIDE = re.compile("/(v1|docs|static)(/|$)|.+/why/(?!popular)")
_BELOW = ("", "/why/popular/item-001", "?trail=item-002,item-003")


def pages_of(client):
    """Text of every page that a walk from the home, or a guess at an address, comes to."""
    people = [f"/{SITE}/users/{user_id}" for user_id in SMALL.user_ids[:5]]
    items = [f"/{SITE}/items/{one}{below}" for one in SMALL.item_ids[:8] for below in _BELOW]
    waiting = [f"/{SITE}", "/sitemap.xml", *people, *items, *(f"/{SITE}/{one}" for one in _ASKED)]
    found = {}
    while waiting:
        path = waiting.pop()
        if path in found or _BESIDE.match(path):
            continue
        page = client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
        assert page.status_code < 500
        found[path] = page.text
        if "?" not in path:
            hrefs = re.findall(r'<a\b[^>]*?href="(/[^"#]*)"', page.text)
            waiting += [unescape(href) for href in hrefs if "?" not in href]
    return found


def shown(pages):
    """Ids of items that pages link to or draw, each with a page; what was asked is not shown."""
    found = {}
    for path, text in pages.items():
        for item_id in re.findall(
            r"(?:items|models|3d-models|thumbs|thumb/\w+)/(item-\d+)", unquote(text)
        ):
            if item_id not in path:
                found.setdefault(item_id, path)
    return found


def test_without_a_list_every_item_stands_somewhere(data, serve):
    with serve(data) as client:
        assert set(shown(pages_of(client))) == set(SMALL.item_ids)


def test_what_is_denied_stands_on_no_page(data, serve):
    deny(data)
    with serve(data) as client:
        found = shown(pages_of(client))
        out = denied_ids()
        assert {item_id: found[item_id] for item_id in set(found) & out} == {}
        assert set(found) == set(SMALL.item_ids) - out
