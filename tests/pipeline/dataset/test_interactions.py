from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.interactions import interactions, k_core

PAIRS = st.sets(st.tuples(st.integers(0, 6).map(str), st.integers(0, 6).map(str)))
FLOORS = st.integers(1, 4)


def frame(pairs):
    schema = {"user_id": pl.String, "item_id": pl.String}
    return pl.DataFrame(sorted(pairs), schema=schema, orient="row")


def likes(pairs, times=None):
    rows = frame(pairs)
    liked_at = pl.Series("liked_at", times or [None] * len(rows), dtype=pl.Datetime("us", "UTC"))
    return rows.with_columns(liked_at)


def test_columns_are_those_of_the_curated_table():
    found = interactions(likes([("b", "x"), ("a", "y")]))
    assert found.schema == empty_curated(Curated.INTERACTIONS).schema
    assert found["user_id"].to_list() == ["a", "b"]
    assert found["weight"].to_list() == [1.0, 1.0]


def test_pair_that_stands_twice_counts_once_at_its_earliest():
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    twice = pl.concat([likes([("a", "x")], [late]), likes([("a", "x")], [early])])
    assert interactions(twice)["liked_at"].to_list() == [early]


def test_weights_stay():
    weighted = likes([("a", "x"), ("a", "y")]).with_columns(weight=pl.Series([3.0, 0.5]))
    assert interactions(weighted)["weight"].to_list() == [3.0, 0.5]


def test_core_falls_item_after_user():
    pairs = frame([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("c", "z"), ("c", "y")])
    kept = k_core(pairs, user_floor=2, item_floor=2)
    assert set(kept.rows()) == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_floors_of_one_keep_all():
    pairs = frame([("a", "x"), ("b", "y")])
    assert k_core(pairs, user_floor=1, item_floor=1).equals(pairs)


@pytest.mark.parametrize("floors", [(0, 1), (1, 0)])
def test_floor_below_one_is_refused(floors):
    with pytest.raises(ValueError, match="at least 1"):
        k_core(frame([]), user_floor=floors[0], item_floor=floors[1])


@given(PAIRS, FLOORS, FLOORS)
def test_core_is_a_fixed_point_and_the_largest(pairs, user_floor, item_floor):
    core = set(k_core(frame(pairs), user_floor=user_floor, item_floor=item_floor).rows())
    assert k_core(frame(core), user_floor=user_floor, item_floor=item_floor).height == len(core)
    assert all(count >= user_floor for count in Counter(user for user, _ in core).values())
    assert all(count >= item_floor for count in Counter(item for _, item in core).values())
    assert core == _slow_core(pairs, user_floor, item_floor)


def _slow_core(pairs, user_floor, item_floor):
    """Drops one row at a time, in any order: the core does not depend on it."""
    left = set(pairs)
    while True:
        users, items = Counter(u for u, _ in left), Counter(i for _, i in left)
        low = [p for p in left if users[p[0]] < user_floor or items[p[1]] < item_floor]
        if not low:
            return left
        left.remove(min(low))
