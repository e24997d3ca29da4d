import re
from html import unescape

import pytest

from serving.limits import Limits
from serving.pages.links import trail_text
from serving.pages.trail import MAX_TRAIL, MAX_TRAIL_LENGTH, Way, WayQuery, read_trail, trail_after
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS
from tests.serving.hand_made import snapshot_of


@pytest.fixture
def snapshot():
    return snapshot_of(40, similar={})


def steps_of(page):
    nav = page.text.partition('<nav class="trail"')[2].partition("</nav>")[0]
    return [unescape(one) for one in re.findall(r'<li><a href="([^"]*)"', nav)]


def wander(client, n_steps):
    """Urls on a way that takes a card that was not on it each time."""
    urls = [f"/{SITE}/items/item-001"]
    seen = {"item-001"}
    for _ in range(n_steps):
        page = client.get(urls[-1])
        found = re.findall(r'class="card-link" href="([^"]*)"', page.text)
        fresh = ((unescape(one), one.split("/items/")[1].split("?")[0]) for one in found)
        url, name = next(pair for pair in fresh if pair[1] not in seen)
        urls.append(url)
        seen.add(name)
    return urls


def test_ten_steps_are_a_trail_of_ten_and_each_leads_back_there(client):
    urls = wander(client, 10)
    page = client.get(urls[-1])
    assert steps_of(page) == urls[:-1]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    link = re.search(r'class="copy" href="([^"]*)"', page.text)[1]
    assert unescape(link) == urls[-1]
    assert [steps_of(client.get(url)) for url in urls] == [urls[:n] for n in range(11)]


def test_a_page_without_a_trail_is_for_everybody(client):
    page = client.get(f"/{SITE}/items/item-001")
    assert not steps_of(page)
    assert "public" in page.headers["cache-control"]
    assert 'class="copy"' not in page.text


@pytest.mark.parametrize("path", ["", "/rows/tag_profile", "/compare", "/why/tag_profile/{}"])
@pytest.mark.parametrize("trail", ["gone", "item-001", "item-001,item-002", ""])
def test_a_url_with_any_trail_is_nobody_s_to_keep(client, path, trail):
    listed = client.get(f"/v1/{SITE}/items/item-001/similar?model=tag_profile&k=1").json()["items"]
    url = f"/{SITE}/items/item-001{path.format(listed[0]['item_id'])}"
    page = client.get(f"{url}?trail={trail}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "public" in client.get(url).headers["cache-control"]


def test_who_comes_back_is_there_again(snapshot):
    way = Way.of(snapshot, "item-2", WayQuery(trail="item-1,item-2,item-3"))
    assert way.trail == ("item-1",)
    assert way.onward == "?trail=item-1%2Citem-2"


def test_what_the_site_does_not_have_is_left_out(snapshot):
    way = Way.of(snapshot, "item-2", WayQuery(trail="gone,item-1,,%00", off=("no-model",)))
    assert (way.trail, way.off) == (("item-1",), ())


@pytest.mark.parametrize("ids", [ODD_IDS, ("a,b", "%2C", ",", "é,🙂")])
def test_a_trail_reads_as_it_was_written(ids):
    known = snapshot_of(1)
    known.items.index.update(dict.fromkeys(ids, 0))
    assert read_trail(known, trail_text(ids)) == list(ids)


def test_a_trail_forgets_its_beginning_and_always_fits_a_url():
    long = trail_after([f"{n}" for n in range(MAX_TRAIL)], "here")
    assert long == [*(f"{n}" for n in range(1, MAX_TRAIL)), "here"]
    odd = trail_after(["🙂" * 100] * 19, "here")
    assert odd[-1] == "here"
    assert 1 < len(odd) < MAX_TRAIL
    assert len(trail_text(odd)) < MAX_TRAIL_LENGTH
    assert trail_after([], "x" * MAX_TRAIL_LENGTH) == []


@pytest.mark.parametrize("letter", ["x", "%", ",", "/", "é", "🙂"])
def test_whatever_ids_hold_the_way_on_is_a_url_that_is_answered(letter):
    ids = [letter * 150 + str(n) for n in range(MAX_TRAIL + 1)]
    known = snapshot_of(1, similar={})
    known.items.index.update(dict.fromkeys(ids, 0))
    trail = trail_after(ids[:-1], ids[-1])
    assert trail[-1] == ids[-1]
    way = Way.of(known, "item-0", WayQuery(trail=trail_text(trail)))
    assert way.trail == tuple(trail)
    most = Limits().query_bytes
    assert len(way.url()) < most
    assert len(way.onward) < most
