"""A robots.txt that cannot be had at first, and one that changes its mind."""

import pytest

from scrapers.replica.sketchfab.asked import Asked, Kind
from tests.scrapers.replica.faults.conftest import path_of

PAGE = path_of(Asked(Kind.MODEL, "m05"))


def _manners(stand_in, *names):
    figures = stand_in.run.manners.to_json()
    return [figures[name] for name in names]


def test_robots_fails_twice_and_then_is_well(site):
    stand_in = site("robots-503")
    assert [stand_in.get("/robots.txt").status_code for _ in range(5)] == [503, 503, 200, 200, 200]
    assert stand_in.played == {"robots-503": 2}
    assert site().get("/robots.txt").status_code == 200


def test_requests_after_a_failing_robots_are_counted_until_it_is_well(site):
    stand_in = site("robots-503")
    stand_in.get("/robots.txt")
    stand_in.get(PAGE)  # may have been under way
    stand_in.clock += 1
    stand_in.get(PAGE)
    for _ in range(2):
        stand_in.get("/robots.txt")
    stand_in.clock += 1
    stand_in.get(PAGE)
    assert _manners(stand_in, "after_failing_robots", "before_robots", "requests") == [1, 0, 6]


@pytest.mark.parametrize("seed", range(3))
def test_robots_turns_to_disallow_after_some_requests(site, seed):
    stand_in = site("robots-turns-disallow", seed)
    texts = []
    for _ in range(40):
        answer = stand_in.get("/robots.txt")
        assert answer.headers["cache-control"] == "max-age=1"
        texts.append(answer.text)
        stand_in.get(PAGE)
    turn = next(n for n, text in enumerate(texts) if "Disallow: /\n" in text)
    assert 8 <= turn - 1 <= 30
    assert all("Allow: /\n" in text for text in texts[:turn])
    assert len(set(texts[turn:])) == 1
    assert stand_in.played == {"robots-turns-disallow": 40 - turn}
    assert stand_in.get(PAGE).status_code == 200  # the site does not enforce it


def test_a_well_robots_has_no_age_and_never_turns(site):
    well = site()
    answers = [well.get("/robots.txt") for _ in range(40)]
    assert {answer.text for answer in answers} == {"User-agent: *\nAllow: /\n"}
    assert not any("cache-control" in answer.headers for answer in answers)


def test_requests_after_a_disallow_and_on_a_stale_robots_are_counted(site):
    stand_in = site("robots-turns-disallow")
    stand_in.get("/robots.txt")
    for _ in range(40):
        stand_in.get(PAGE)
    assert _manners(stand_in, "after_disallow", "on_stale_robots") == [0, 0]
    stand_in.clock += 2
    stand_in.get(PAGE)
    assert _manners(stand_in, "after_disallow", "on_stale_robots") == [0, 1]
    stand_in.get("/robots.txt")
    stand_in.get(PAGE)
    assert _manners(stand_in, "after_disallow", "on_stale_robots") == [0, 1]
    stand_in.clock += 0.5
    stand_in.get(PAGE)
    assert _manners(stand_in, "after_disallow", "on_stale_robots") == [1, 1]
