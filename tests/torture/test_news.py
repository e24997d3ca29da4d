"""A share of `python -m tests.torture --only news`."""

import pytest

from tests.torture.news import days_of
from tests.torture.worlds import write_world


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    folder = tmp_path_factory.mktemp("news")
    world = write_world(folder / "world", n_items=200, n_users=300, longest=80)
    found = days_of(world.folder, folder / "data", n_days=2, seed=5)
    return {day.name: day for day in found}


def test_every_crawl_is_complete_and_repeats_nothing(days):
    assert {day.codes for day in days.values()} == {(0, 0, 0)}
    assert {day.repeated for day in days.values()} == {0}


@pytest.mark.parametrize("name", ["day 1", "day 2"])
def test_incremental_crawl_saves_nine_requests_of_ten_and_misses_no_new_like(days, name):
    day = days[name]
    assert day.saved(days["full"]) >= 0.9
    assert day.new > 10
    assert day.missed == 0


def test_swap_that_leaves_counts_equal_is_hidden_until_the_next_full_crawl(days):
    assert (days["swap"].new, days["swap"].hidden) == (5, 5)
    assert (days["full again"].new, days["full again"].hidden) == (5, 0)


def test_full_crawl_lands_what_is_there_and_nothing_else(days):
    assert (days["full"].astray, days["full again"].astray) == (0, 0)
