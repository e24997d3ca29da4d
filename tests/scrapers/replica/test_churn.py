"""Days change a world a little, the same way each time, and only where they say."""

from datetime import UTC, datetime

import polars as pl
import pytest

from scrapers.replica.churn import Passed, advance
from scrapers.replica.world import read_frames, world_of


@pytest.fixture
def frames(write_world):
    """200 items with 1 to 40 likes of 50 people."""
    likes = pl.DataFrame(
        [(f"u{user:02}", f"i{item:03}") for item in range(200) for user in range(1 + item % 40)],
        schema={"user_handle": pl.String, "item_id": pl.String},
        orient="row",
    )
    items = pl.DataFrame({"item_id": [f"i{item:03}" for item in range(200)]})
    return read_frames(write_world(likes, items))


def _pairs(frames):
    return set(frames.likes.select("user_handle", "item_id").iter_rows())


def _counts(frames):
    return dict(frames.likes.group_by("item_id").len().iter_rows())


def test_a_day_is_what_it_says(frames):
    later, passed = advance(frames, days=1, churn=0.05, seed=1)
    added, removed = _pairs(later) - _pairs(frames), _pairs(frames) - _pairs(later)
    assert (len(added), len(removed)) == (passed.likes_added, passed.likes_removed)
    assert len(later.likes) == len(_pairs(later))
    n_items = len(later.items) - len(frames.items)
    assert n_items == passed.items_appeared - passed.items_vanished
    changed = (len(added) + len(removed)) / len(frames.likes)
    assert 0.03 < changed < 0.08


def test_the_same_seed_gives_the_same_days_and_another_one_others(frames):
    worlds = [advance(frames, days=3, churn=0.02, seed=seed)[0] for seed in (1, 1, 2)]
    assert _pairs(worlds[0]) == _pairs(worlds[1]) != _pairs(worlds[2])


def test_nothing_happens_in_no_day_nor_without_churn(frames):
    for days, churn in ((0, 0.5), (3, 0.0)):
        later, passed = advance(frames, days=days, churn=churn, seed=1)
        assert _pairs(later) == _pairs(frames)
        assert passed == Passed(days=days)


def test_a_day_changes_the_lists_of_a_tenth_of_the_items(frames):
    later, passed = advance(frames, days=1, churn=0.01, seed=1)
    before, after = _counts(frames), _counts(later)
    changed = [item for item in before.keys() | after.keys() if before.get(item) != after.get(item)]
    of_items = passed.items_appeared + passed.items_vanished
    assert 5 <= len(changed) <= 20 + of_items


def test_new_likes_are_the_newest_and_not_of_the_future(frames):
    for day in range(1, 60, 20):
        later, _ = advance(frames, days=day, churn=0.02, seed=1)
        newest = later.likes["liked_at"].drop_nulls()
        assert newest.max() < datetime.now(UTC)
        world = world_of(later)
        lists = [world.likes_of_item.page(n, 0, 99) for n in range(len(world.items))]
        times = [[at for _, at in rows] for rows in lists]
        dated = [[at for at in each if at is not None] for each in times]
        assert all(each[: len(known)] == known for each, known in zip(times, dated, strict=True))
        assert all(known == sorted(known, reverse=True) for known in dated)
        assert sum(map(len, dated)) == len(newest) > 0


def test_time_goes_on_from_the_newest_like(frames):
    likes = frames.likes.with_columns(liked_at=pl.lit(datetime(2026, 1, 1, tzinfo=UTC)))
    first = advance(_with(frames, likes), days=1, churn=0.02, seed=1)[0]
    second = advance(first, days=1, churn=0.02, seed=1)[0]
    assert datetime(2026, 1, 1, tzinfo=UTC) < first.likes["liked_at"].max()
    assert first.likes["liked_at"].max() < second.likes["liked_at"].max()


def _with(frames, likes):
    return type(frames)(frames.folder, likes.cast(frames.likes.schema), frames.items)


def test_items_come_with_likes_and_go_with_all_of_them(frames):
    later, passed = advance(frames, days=1, churn=0.5, seed=1)
    assert passed.items_appeared in (9, 10, 11)
    assert passed.items_vanished in (9, 10, 11)
    ids, old = set(later.items["item_id"]), set(frames.items["item_id"])
    assert len(ids - old) == passed.items_appeared
    assert len(old - ids) == passed.items_vanished
    assert ids - old <= set(later.likes["item_id"])
    assert not (old - ids) & set(later.likes["item_id"])


def test_the_same_seed_never_brings_an_item_twice(frames):
    for _ in range(5):
        frames = advance(frames, days=1, churn=0.5, seed=1)[0]
    assert frames.items["item_id"].is_unique().all()
    assert world_of(frames).n_likes == len(frames.likes) == len(_pairs(frames))


def test_a_swap_leaves_every_count_as_it_was(frames):
    later, passed = advance(frames, days=0, churn=0, seed=1, swap=12)
    assert passed == Passed(likes_added=12, likes_removed=12, likes_swapped=12)
    assert _counts(later) == _counts(frames)
    assert len(_pairs(later) - _pairs(frames)) == len(_pairs(frames) - _pairs(later)) == 12


def test_a_day_without_a_swap_does_not_leave_every_count(frames):
    later, _ = advance(frames, days=1, churn=0.02, seed=1)
    assert _counts(later) != _counts(frames)


def test_a_world_of_nothing_stays_so(write_world):
    likes = pl.DataFrame(schema={"user_handle": pl.String, "item_id": pl.String})
    frames = read_frames(write_world(likes, pl.DataFrame(schema={"item_id": pl.String})))
    assert advance(frames, days=5, churn=0.5, seed=1, swap=3)[1] == Passed(days=5)


def test_everyone_may_like_everything_already(write_world):
    likes = pl.DataFrame({"user_handle": ["a"], "item_id": ["x"]})
    frames = read_frames(write_world(likes, pl.DataFrame({"item_id": ["x"]})))
    later, passed = advance(frames, days=0, churn=0, seed=3, swap=1)
    assert len(later.likes) == 1
    assert passed.likes_added == passed.likes_removed == passed.likes_swapped
