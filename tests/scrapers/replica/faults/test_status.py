"""Whole answers that say no, for as long as they should, and a pause that counts."""

from email.utils import parsedate_to_datetime

import pytest

from scrapers.replica.faults.fault import PAGES
from scrapers.replica.sketchfab.asked import Asked, Kind
from tests.scrapers.replica.faults.conftest import path_of

PASSING = {
    "status-429-seconds": 429,
    "status-429-date": 429,
    "status-429-bare": 429,
    "status-503-retry-after": 503,
    "status-500-once": 500,
}


@pytest.mark.parametrize("kind", sorted(PAGES))
@pytest.mark.parametrize("name", PASSING)
def test_a_struck_page_is_bad_once_or_twice_then_well(site, name, kind):
    stand_in, well = site(name), site()
    for asked in stand_in.struck(kind)[:3]:
        statuses = []
        for _ in range(4):
            statuses.append(stand_in.get(path_of(asked)).status_code)
            stand_in.clock += 10
        bad = [status for status in statuses if status != 200]
        assert set(bad) == {PASSING[name]}
        assert statuses == [*bad, *[200] * (4 - len(bad))]
        assert len(bad) == 1 if name == "status-500-once" else len(bad) <= 2
        assert well.get(path_of(asked)).status_code == 200


def _throttled(stand_in):
    return stand_in.get(path_of(stand_in.struck(Kind.ITEM_LIKES)[0]))


def _at_ease(stand_in):
    """A page that no fault strikes."""
    struck = stand_in.struck(Kind.MODEL)
    return path_of(next(asked for asked in stand_in.pages(Kind.MODEL) if asked not in struck))


@pytest.mark.parametrize("name", ["status-429-seconds", "status-503-retry-after"])
@pytest.mark.parametrize("seed", range(3))
def test_a_pause_in_seconds_holds_the_whole_host_and_then_ends(site, name, seed):
    stand_in = site(name, seed)
    seconds = int(_throttled(stand_in).headers["retry-after"])
    assert seconds in (1, 2, 3)
    stand_in.clock += 0.2  # requests that were under way are neither refused nor held against it
    assert stand_in.get(_at_ease(stand_in)).status_code == 200
    assert stand_in.run.manners.to_json()["inside_retry_after"] == 0
    stand_in.clock += 0.3
    held = stand_in.get(_at_ease(stand_in))
    assert (held.status_code, stand_in.get("/robots.txt").status_code) == (429, 429)
    assert int(held.headers["retry-after"]) >= seconds - 0.5
    assert stand_in.run.manners.to_json()["inside_retry_after"] == 2
    stand_in.clock += seconds - 0.5
    assert stand_in.get(_at_ease(stand_in)).status_code == 200
    assert stand_in.run.manners.to_json()["inside_retry_after"] == 2


def test_a_pause_by_date_ends_at_that_date(site):
    stand_in = site("status-429-date")
    stand_in.clock += 0.4
    until = parsedate_to_datetime(_throttled(stand_in).headers["retry-after"]).timestamp()
    assert 1 <= until - stand_in.clock <= 3
    stand_in.clock = until - 0.5
    assert stand_in.get(_at_ease(stand_in)).status_code == 429
    stand_in.clock = until
    assert stand_in.get(_at_ease(stand_in)).status_code == 200


def test_a_bare_429_asks_for_no_pause(site):
    stand_in = site("status-429-bare")
    assert "retry-after" not in _throttled(stand_in).headers
    stand_in.clock += 0.5
    assert stand_in.get(_at_ease(stand_in)).status_code == 200
    assert stand_in.run.manners.to_json()["inside_retry_after"] == 0


def test_500_forever_never_ends(site):
    stand_in = site("status-500-forever")
    path = path_of(stand_in.struck(Kind.ITEM_LIKES)[0])
    assert {stand_in.get(path).status_code for _ in range(6)} == {500}
    assert stand_in.get(_at_ease(stand_in)).status_code == 200


@pytest.mark.parametrize("seed", range(3))
def test_403_comes_in_mid_run_for_every_page_and_stays(site, seed):
    stand_in, well = site("status-403-midrun", seed), site()
    path = path_of(Asked(Kind.MODEL, "m05"))
    statuses = [stand_in.get(path).status_code for _ in range(40)]
    turn = statuses.index(403)
    assert 8 <= turn <= 30
    assert statuses == [200] * turn + [403] * (40 - turn)
    assert stand_in.get("/robots.txt").status_code == 200
    assert {well.get(path).status_code for _ in range(40)} == {200}


def test_404_strikes_all_pages_of_an_item_that_is_listed(site):
    stand_in = site("status-404-listed")
    gone = {asked.subject for asked in stand_in.struck(Kind.ITEM_LIKES)}
    assert gone == {asked.subject for asked in stand_in.struck(Kind.MODEL)}
    listed = [
        row["uid"]
        for asked in stand_in.pages(Kind.LISTING)
        for row in stand_in.get(path_of(asked)).json()["results"]
    ]
    assert gone < set(listed)
    for asked in stand_in.pages(Kind.ITEM_LIKES) + stand_in.pages(Kind.MODEL):
        expected = 404 if asked.subject in gone else 200
        assert [stand_in.get(path_of(asked)).status_code for _ in range(3)] == [expected] * 3
    assert _items_of(stand_in.get("/_truth/likes").json()["may_have"]) == gone
    assert gone <= _items_of(stand_in.get("/_truth/likes?side=user").json()["must_have"])


def _items_of(pairs):
    return {item for _, item in pairs}


def test_an_error_page_has_status_200_and_no_rows(site):
    seen = set()
    for seed in range(4):
        stand_in, well = site("status-200-error-page", seed), site()
        path = path_of(stand_in.struck(Kind.ITEM_LIKES)[0])
        answer = stand_in.get(path)
        seen.add(answer.headers["content-type"])
        assert (answer.status_code, "results" in answer.text) == (200, False)
        assert "Something went wrong" in answer.text
        assert "results" in well.get(path).text
    assert seen == {"application/json", "text/html; charset=utf-8"}
