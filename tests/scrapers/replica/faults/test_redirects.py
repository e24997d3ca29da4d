"""Redirects that lead nowhere, to another page, or off the site."""

from urllib.parse import urlsplit

import pytest

from scrapers.replica.faults.fault import PAGES
from scrapers.replica.sketchfab.asked import Kind
from tests.scrapers.replica.faults.conftest import BASE_URL, ask, path_of

NAMES = ["redirect-loop", "redirect-to-seen", "redirect-to-private"]


@pytest.mark.parametrize("kind", sorted(PAGES))
@pytest.mark.parametrize("name", NAMES)
def test_a_struck_page_leads_elsewhere_once_or_twice_then_is_well(site, name, kind):
    stand_in, well = site(name), site()
    for asked in stand_in.struck(kind)[:3]:
        answers = [stand_in.get(path_of(asked)) for _ in range(3)]
        assert (answers[0].status_code, answers[2].status_code) == (302, 200)
        good = well.get(path_of(asked))
        assert good.status_code == 200
        assert answers[2].content == good.content


def _location(stand_in, kind=Kind.ITEM_LIKES):
    asked = stand_in.struck(kind)[0]
    return stand_in.get(path_of(asked)).headers["location"]


def test_a_loop_never_ends_and_never_leads_back(site):
    stand_in = site("redirect-loop")
    url = _location(stand_in)
    stations = []
    for _ in range(20):
        answer = stand_in.get(url)
        assert answer.status_code == 302
        url = answer.headers["location"]
        stations.append(url)
    assert len(set(stations)) == 2
    assert all(station.startswith(f"{BASE_URL}/i/likes?") for station in stations)
    assert site().get(url).status_code == 200


def test_a_seen_page_is_one_that_was_served_before(site):
    stand_in = site("redirect-to-seen")
    struck = stand_in.struck(Kind.ITEM_LIKES)
    seen = next(asked for asked in stand_in.pages(Kind.ITEM_LIKES) if asked not in struck)
    assert _location(stand_in) == f"{BASE_URL}/robots.txt"
    stand_in.get(path_of(seen))
    assert stand_in.get(path_of(struck[1])).headers["location"] == BASE_URL + path_of(seen)


def test_a_private_address_is_a_trap_that_tells_who_came(served, site):
    with served("redirect-to-private") as (url, run):
        forms = set()
        for kind in sorted(PAGES):
            for asked in site("redirect-to-private").struck(kind):
                location = ask(url + path_of(asked)).headers["location"]
                assert urlsplit(location).port == run.trap_port
                assert location.endswith(path_of(asked))
                forms.add(urlsplit(location).hostname)
        assert len(forms) > 2
        assert _manners(url)["off_site"] == 0
        forged = ask(f"http://127.0.0.1:{run.trap_port}/i/likes?model=m00").json()
        assert forged["results"][0]["uid"] == "forged/1"
        assert _manners(url)["off_site"] == 1


def _manners(url):
    return ask(f"{url}/_truth/manners").json()
