"""The stand-in tells the truth of itself, apart from the site that it plays."""

from functools import partial

import pytest

from scrapers.replica.assembling import assemble
from scrapers.replica.faults.registry import named
from scrapers.replica.request_log import RequestLog
from scrapers.replica.sketchfab.app import create_app
from scrapers.replica.world import read_frames
from tests.scrapers.replica.conftest import BASE_URL, Client, planted_likes


@pytest.fixture
def open_site(write_world):
    def opening(**options):
        frames = read_frames(write_world())
        if "faults" in options:
            options["faults"] = named(options["faults"])
        return Client(assemble(frames, partial(create_app, base_url=BASE_URL), **options)[0])

    return opening


@pytest.mark.parametrize("side", ["item", "user"])
def test_the_truth_is_every_like_of_the_world(open_site, side):
    told = open_site().get(f"/_truth/likes?side={side}").json()
    expected = [[user, item] for user, item, _ in planted_likes()]
    assert sorted(told["must_have"]) == sorted(expected)
    assert told["may_have"] == []


def test_a_truth_in_many_pieces_is_one_text(open_site, monkeypatch):
    whole = open_site().get("/_truth/likes").json()
    monkeypatch.setattr("scrapers.replica.truth._PAIRS_A_PIECE", 7)
    assert open_site().get("/_truth/likes").json() == whole


def test_an_unknown_side_is_refused(open_site):
    answer = open_site().get("/_truth/likes?side=both")
    assert (answer.status_code, answer.json()["detail"].startswith("side:")) == (400, True)


def test_a_site_that_is_not_watched_says_how_it_would_be(open_site):
    answer = open_site().get("/_truth/manners")
    assert answer.status_code == 404
    assert "--log" in answer.json()["detail"]
    assert open_site().get("/_truth/faults").json() == {}


def test_own_addresses_are_neither_counted_nor_logged_nor_faulty(open_site, tmp_path):
    log = RequestLog(tmp_path / "log.jsonl")
    client = open_site(faults="status-403-midrun", log=log)
    for _ in range(40):
        assert client.get("/_truth/likes").status_code == 200
    assert client.get("/v3/models").status_code == 200
    assert client.get("/_truth/manners").json()["requests"] == 1
    log.close()
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1


def test_other_addresses_with_an_underscore_are_the_sites(open_site):
    assert open_site().get("/_truth/none").status_code == 404
    assert "text/html" in open_site().get("/_other").headers["content-type"]


def test_faults_are_named_in_the_log(open_site, tmp_path):
    log = RequestLog(tmp_path / "log.jsonl")
    open_site(faults="robots-503", log=log).get("/robots.txt")
    log.close()
    assert '"faults": ["robots-503"]' in (tmp_path / "log.jsonl").read_text()


def test_a_world_that_stands_still_does_not_advance(open_site):
    answer = open_site().get("/_world/advance", "POST")
    assert answer.status_code == 409
    assert "--mutable" in answer.json()["detail"]


def test_a_day_passes_and_every_page_shows_it(open_site):
    client = open_site(mutable=True)
    passed = client.get("/_world/advance?days=1&churn=0.2&seed=3", "POST").json()
    assert (passed["days"], passed["likes_swapped"]) == (1, 0)
    assert passed["likes_added"] > 0 < passed["likes_removed"]
    pairs = {(u, i) for u, i in client.get("/_truth/likes").json()["must_have"]}
    old = {(user, item) for user, item, _ in planted_likes()}
    assert len(pairs - old) == passed["likes_added"]
    assert len(old - pairs) == passed["likes_removed"]
    user, item = next(iter(sorted(pairs - old)))
    rows = client.get("/i/likes", "GET", params={"model": item}).json()["results"]
    assert rows[0]["uid"] in {u for u, i in pairs - old if i == item}
    assert user in {row["uid"] for row in rows}
    model = client.get(f"/v3/models/{item}").json()
    assert model["likeCount"] == sum(i == item for _, i in pairs)


def test_two_days_of_the_same_seed_differ(open_site):
    client = open_site(mutable=True)
    first, second = (
        client.get("/_world/advance?churn=0.2&seed=1", "POST").json() for _ in range(2)
    )
    pairs = client.get("/_truth/likes").json()["must_have"]
    assert len(pairs) == len({tuple(pair) for pair in pairs})
    grown = sum(day["likes_added"] - day["likes_removed"] for day in (first, second))
    assert len(pairs) == len(planted_likes()) + grown


@pytest.mark.parametrize(
    "query", ["days=-1", "churn=1.5", "churn=x", "swap=-1", "days=1.5", "churn=nan"]
)
def test_bad_parameters_are_refused_and_change_nothing(open_site, query):
    client = open_site(mutable=True)
    assert client.get(f"/_world/advance?{query}", "POST").status_code == 400
    assert len(client.get("/_truth/likes").json()["must_have"]) == len(planted_likes())


def test_a_mutable_site_is_watched(open_site):
    client = open_site(mutable=True)
    client.get("/v3/models")
    assert client.get("/_truth/manners").json()["requests"] == 1
    assert client.get("/_world/advance").status_code == 405


@pytest.mark.parametrize("options", [{"mutable": True}, {"latency_s": 0.001}])
def test_crawler_that_has_read_robots_is_known_where_no_fault_is_played(open_site, options):
    client = open_site(**options)
    client.get("/v3/models")
    client.get("/robots.txt")
    client.get("/v3/models")
    assert client.get("/_truth/manners").json()["before_robots"] == 1
