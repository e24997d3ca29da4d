"""A share of `python -m tests.torture --only speed`.

Held by processor time: the tests run side by side with others.
"""

import pytest

from tests.torture.speed import race, share
from tests.torture.worlds import write_world

LEAST = 0.7


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speed") / "world"
    return write_world(folder, n_items=200, n_users=600, longest=120)


def test_likes_are_crawled_nearly_as_fast_as_pages_are_fetched(world, tmp_path):
    found = race(world, tmp_path / "race", rounds=4)
    assert found.pages > 400
    assert found.ratio_by_cpu >= LEAST, found


def test_two_processes_on_one_ledger_land_the_same_set(world, tmp_path, postgres_url):
    found = share(world, tmp_path / "share", postgres_url)
    assert (found.twice, found.astray) == (0, 0)
    assert len(found.rows) == 2
    assert all(found.rows)
    assert found.together_s < found.part_age_s
