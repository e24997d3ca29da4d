"""Requests are counted, and those against the site's word by what they break."""

import asyncio

import pytest

from scrapers.replica.manners import Manners, ObservedApp, RobotsSaid


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def _broken(manners):
    figures = manners.to_json()
    plain = ("requests", "highest_concurrency", "highest_rate", "before_robots")
    return {name: n for name, n in figures.items() if n and name not in plain}


def _ask(manners, path="/i/likes", times=1):
    for _ in range(times):
        manners.arrive(path)
        manners.leave()


def test_a_polite_run_breaks_nothing(clock):
    manners = Manners(clock)
    manners.robots_said(RobotsSaid.ALLOWED)
    _ask(manners, times=5)
    clock.now += 100
    _ask(manners, times=5)
    assert _broken(manners) == {}
    assert manners.to_json()["requests"] == 10


def test_the_highest_rate_is_that_of_any_second(clock):
    manners = Manners(clock)
    for at in (100.0, 100.5, 100.9, 101.2, 101.4, 103.0):
        clock.now = at
        _ask(manners)
    assert manners.to_json()["highest_rate"] == 4  # 100.5 to 101.4


def test_the_highest_concurrency_is_of_requests_under_way(clock):
    manners = Manners(clock)
    manners.arrive("/a")
    manners.arrive("/b")
    manners.leave()
    manners.arrive("/c")
    assert manners.to_json()["highest_concurrency"] == 2


def test_only_what_comes_inside_a_pause_breaks_it(clock):
    manners = Manners(clock)
    manners.hold(102.0)
    for at, expected in ((100.2, 0), (100.3, 1), (101.9, 2), (101.99, 2), (102.0, 2), (103.0, 2)):
        clock.now = at
        _ask(manners)
        assert manners.to_json()["inside_retry_after"] == expected


def test_a_pause_that_is_asked_for_at_the_end_of_another_has_its_own_grace(clock):
    manners = Manners(clock)
    manners.hold(101.0)
    clock.now = 100.9
    manners.hold(102.0)
    clock.now = 101.1
    assert manners.pause_left_s() == 0
    clock.now = 101.5
    assert manners.pause_left_s() == pytest.approx(0.5)


def test_robots_is_not_asked_of_robots_itself(clock):
    manners = Manners(clock)
    _ask(manners, "/robots.txt")
    assert manners.to_json()["before_robots"] == 0
    _ask(manners, "/i/likes")
    assert manners.to_json()["before_robots"] == 1


@pytest.mark.parametrize(
    ("said", "name"),
    [(RobotsSaid.DISALLOWED, "after_disallow"), (RobotsSaid.FAILING, "after_failing_robots")],
)
def test_the_first_word_counts_from_when_it_was_said(clock, said, name):
    manners = Manners(clock)
    for _ in range(2):
        manners.robots_said(said)
        clock.now += 0.2
    _ask(manners)
    assert _broken(manners) == {name: 1}
    manners.robots_said(RobotsSaid.ALLOWED)
    clock.now += 1
    _ask(manners)
    assert _broken(manners) == {name: 1}


def test_a_robots_that_was_good_for_a_second_is_stale_after_it(clock):
    manners = Manners(clock)
    manners.robots_said(RobotsSaid.ALLOWED, 1.0)
    for at, expected in ((101.2, {}), (101.3, {"on_stale_robots": 1})):
        clock.now = at
        _ask(manners)
        assert _broken(manners) == expected


def test_latency_makes_concurrency_visible():
    async def answer(_scope, _receive, _send):
        pass

    async def at_once(app):
        scope = {"type": "http", "path": "/"}
        await asyncio.gather(*(app(scope, None, None) for _ in range(5)))

    for latency_s, expected in ((0.0, 1), (0.01, 5)):
        manners = Manners()
        asyncio.run(at_once(ObservedApp(answer, manners, latency_s)))
        assert manners.to_json()["highest_concurrency"] == expected


def test_a_request_that_breaks_off_is_over():
    async def fail(_scope, _receive, _send):
        raise RuntimeError

    manners = Manners()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            asyncio.run(ObservedApp(fail, manners)({"type": "http", "path": "/"}, None, None))
    assert manners.to_json()["highest_concurrency"] == 1
