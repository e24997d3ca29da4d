"""A share of `python -m tests.torture --only manners`: pace as the site's own log has it.

That stock Scrapy breaks the same checks is shown there, and with drawn delays that are known in
tests/scrapers/test_politeness.py.
"""

import pytest

from tests.torture.manners import MANY_AT_ONCE, ONE_BY_ONE, our_pace, pace_of
from tests.torture.setting import paced_world
from tests.torture.stand_in import inside_pauses


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return paced_world(tmp_path_factory.mktemp("paced") / "world")


@pytest.mark.parametrize("asked", [ONE_BY_ONE, MANY_AT_ONCE], ids=["delay", "concurrency"])
def test_crawl_keeps_the_pace_that_it_is_told(world, tmp_path, asked):
    pace = our_pace(world, tmp_path, asked)
    assert pace.is_kept, pace
    assert pace.requests > 20


def line(started_s, duration_s=0.01):
    return {"started_s": started_s, "duration_s": duration_s}


def test_hasty_requests_are_seen():
    even = [line(0.36 * n) for n in range(20)]
    assert pace_of("", ONE_BY_ONE, even).is_kept
    hasty = pace_of("", ONE_BY_ONE, [line(0.36 * n - 0.1 * (n % 4 == 0)) for n in range(20)])
    assert (hasty.hasty, hasty.is_kept) == (4, False)


def test_requests_under_way_together_are_counted():
    three = [line(0.1 * n, duration_s=0.25) for n in range(9)]
    assert (pace_of("", MANY_AT_ONCE, three).at_once, pace_of("", MANY_AT_ONCE, three).is_kept) == (
        3,
        False,
    )


def answered(started_s, status=200, *faults):
    return {**line(started_s), "status": status, "faults": list(faults)}


def test_requests_inside_a_pause_are_counted_but_for_those_that_were_under_way():
    asks = answered(0.0, 503, "status-503-retry-after")
    late = [answered(0.3, 429), answered(1.5, 429), answered(2.9, 429), answered(3.1)]
    assert inside_pauses([asks, *late]) == 2
    assert inside_pauses([asks, answered(3.1)]) == 0
    assert inside_pauses([answered(0.0, 503, "robots-503"), answered(2.0, 503, "robots-503")]) == 0
