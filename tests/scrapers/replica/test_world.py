"""Worlds are read whole, or refused with every fault named."""

from datetime import UTC, datetime

import polars as pl
import pytest

from scrapers.replica.errors import WorldError
from scrapers.replica.world import read_world


def test_items_stand_most_liked_first_then_by_id(world):
    ranked = [(-item.like_count, item.item_id) for item in world.items]
    assert ranked == sorted(ranked)
    assert (world.items[0].item_id, world.items[0].like_count) == ("top", 53)
    assert (world.items[-1].item_id, world.items[-1].like_count) == ("cold", 0)


def test_an_item_only_in_likes_is_served_without_a_title(world):
    item = world.items[world.item_index["unlisted"]]
    assert (item.title, item.like_count, item.tags) == ("", 2, ())


def test_both_sides_hold_exactly_the_likes_of_the_file(world):
    planted = pl.read_parquet(world.folder / "likes.parquet")
    expected = sorted(zip(planted["user_handle"], planted["item_id"], strict=True))
    by_item = [
        (world.users[user], item.item_id)
        for idx, item in enumerate(world.items)
        for user, _ in world.likes_of_item.page(idx, 0, 10**6)
    ]
    by_user = [
        (handle, world.items[item].item_id)
        for idx, handle in enumerate(world.users)
        for item, _ in world.likes_of_user.page(idx, 0, 10**6)
    ]
    assert sorted(by_item) == sorted(by_user) == expected
    assert world.n_likes == len(expected)


def test_likes_stand_most_recent_first_and_timeless_ones_last(world):
    times = [at for _, at in world.likes_of_user.page(world.user_index["user/0"], 0, 100)]
    known = [at for at in times if at is not None]
    assert times == [*sorted(known, reverse=True), None]
    assert known[-1] == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_page_past_the_end_is_empty(world):
    assert world.likes_of_item.page(0, 53, 24) == []
    assert len(world.likes_of_item.page(0, 52, 24)) == 1


def test_likes_without_times_are_served_in_file_order(write_world):
    likes = pl.DataFrame({"user_handle": ["b", "a", "c"], "item_id": ["x", "x", "x"]})
    world = read_world(write_world(likes, pl.DataFrame({"item_id": ["x"]})))
    assert [world.users[u] for u, _ in world.likes_of_item.page(0, 0, 9)] == ["b", "a", "c"]


def test_a_world_of_nothing_is_served(write_world):
    likes = pl.DataFrame(schema={"user_handle": pl.String, "item_id": pl.String})
    items = pl.DataFrame(schema={"item_id": pl.String})
    world = read_world(write_world(likes, items))
    assert (len(world.items), len(world.users), world.n_likes) == (0, 0, 0)


def test_every_fault_is_named_at_once(write_world):
    twice = pl.DataFrame({"user_handle": ["a", "a"], "item_id": ["x", "x"]})
    folder = write_world(twice, pl.DataFrame({"id": ["x"]}))
    with pytest.raises(WorldError) as caught:
        read_world(folder)
    assert len(caught.value.faults) == 2
    assert "stands twice" in str(caught.value)
    assert "items.parquet has no column item_id" in str(caught.value)


@pytest.mark.parametrize(
    ("likes", "says"),
    [
        (pl.DataFrame({"user_handle": ["a", None], "item_id": ["x", "x"]}), "1 nulls"),
        (
            pl.DataFrame({"user_handle": ["a"], "item_id": ["x"], "liked_at": ["soon"]}),
            "another type",
        ),
    ],
)
def test_a_bad_value_is_refused(write_world, likes, says):
    with pytest.raises(WorldError, match=says):
        read_world(write_world(likes))


def test_missing_and_broken_files_are_named(tmp_path):
    (tmp_path / "items.parquet").write_bytes(b"no parquet")
    with pytest.raises(WorldError) as caught:
        read_world(tmp_path)
    assert "likes.parquet is missing" in caught.value.faults[0]
    assert "items.parquet cannot be read" in caught.value.faults[1]


def test_an_item_may_be_listed_twice(write_world):
    likes = pl.DataFrame({"user_handle": ["a"], "item_id": ["x"]})
    items = pl.DataFrame({"item_id": ["w", "x", "y"], "listed_again_at": [None, 2, None]})
    world = read_world(write_world(likes, items))
    assert [world.items[idx].item_id for idx in world.listing] == ["x", "w", "x", "y"]
    assert len(world.items) == 3


def test_a_world_lists_each_item_once_where_nothing_else_is_said(world):
    assert list(world.listing) == list(range(len(world.items)))
