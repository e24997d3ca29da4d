from datetime import UTC, datetime

import pytest

from scrapers.likes_checking import check_likes
from scrapers.records import LikesPage

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def page(handles, item_ids=None, liked_at=None):
    item_ids = ("m1",) * len(handles) if item_ids is None else item_ids
    liked_at = (None,) * len(handles) if liked_at is None else liked_at
    return LikesPage("m1", tuple(handles), tuple(item_ids), tuple(liked_at), NOW)


def test_plain_page_passes_as_columns():
    likes = check_likes(page(["u1", "u2"]))
    assert (likes.user_handles, likes.item_ids, likes.liked_at) == (
        ["u1", "u2"], ["m1", "m1"], [None, None],
    )  # fmt: skip
    assert likes.rejected == ()
    assert len(likes) == 2


def test_times_become_instants():
    likes = check_likes(page(["u1", "u2"], liked_at=["2026-11-01T00:00:00Z", None]))
    assert likes.liked_at == [NOW, None]


@pytest.mark.parametrize("bad", ["", "a\u0000b", None, 7, [1], "x" * 201])
def test_bad_handle_is_set_aside_and_its_neighbours_are_kept(bad):
    likes = check_likes(page(["u1", bad, "u3"]))
    assert likes.user_handles == ["u1", "u3"]
    (rejected,) = likes.rejected
    assert rejected.user_handle == bad
    assert [fault.field for fault in rejected.faults] == ["user_handle"]


def test_every_fault_of_a_like_is_named():
    likes = check_likes(page([None], item_ids=[3], liked_at=["soon"]))
    assert [fault.field for fault in likes.rejected[0].faults] == [
        "user_handle", "item_id", "liked_at",
    ]  # fmt: skip
    assert len(likes) == 0


@pytest.mark.parametrize("falsy", ["", 0, False, []])
def test_only_null_is_an_absent_time(falsy):
    assert len(check_likes(page(["u1"], liked_at=[falsy])).rejected) == 1


def test_handles_beyond_ascii_are_kept():
    assert check_likes(page(["J\u00fcrgen", "a b"])).user_handles == ["J\u00fcrgen", "a b"]


def test_columns_of_different_length_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        check_likes(page(["u1", "\u0000"], item_ids=["m1"]))
