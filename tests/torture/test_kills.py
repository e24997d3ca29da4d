"""A seeded share of `python -m tests.torture --only kills,breakages`."""

import pytest

from tests.torture.breakages import hurt_browser, limit_files, lock_folder
from tests.torture.kills import kill_at_points, kill_at_random
from tests.torture.lines import CATALOGUE, FEATURES, ITEM_LIKES, LINES, USER_LIKES
from tests.torture.preludes import POINTS

KILLS = 6


def well(killed):
    assert killed.is_well, f"{killed.told()}\n{killed.log[-3000:]}"


def test_crawls_killed_at_random_moments_land_what_undisturbed_ones_do(reference, tmp_path):
    found = list(kill_at_random(reference, tmp_path, KILLS, seed=1))
    assert sum(killed.kills for killed in found) == KILLS
    for killed in found:
        well(killed)


@pytest.mark.parametrize(
    ("point", "line"),
    list(zip(POINTS, (*LINES, ITEM_LIKES, USER_LIKES), strict=True)),
    ids=lambda value: str(getattr(value, "name", value)),
)
def test_crawl_killed_at_a_named_point_lands_the_same(reference, tmp_path, point, line):
    (killed,) = kill_at_points(reference, tmp_path, [line], [point], times=[2])
    well(killed)


@pytest.mark.parametrize("line", [CATALOGUE, ITEM_LIKES], ids=lambda line: line.name)
def test_crawl_on_a_disk_that_is_full_says_so_and_goes_on_later(reference, tmp_path, line):
    found = list(limit_files(reference, tmp_path, [line], [40_000, 100_000]))
    assert found
    for killed in found:
        well(killed)


def test_crawl_in_a_folder_that_may_not_be_written_says_so(reference, tmp_path):
    well(lock_folder(reference, tmp_path / "locked", FEATURES))


@pytest.mark.browser
def test_browser_that_dies_costs_a_retry_and_not_the_crawl(browsed, tmp_path):
    for killed in hurt_browser(browsed, tmp_path, 0, ["the browser is killed"]):
        well(killed)
