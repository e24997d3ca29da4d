import pytest

from serving.errors import ApiProblemError
from serving.pages.picks import MAX_PICKS, Picks
from tests.serving.hand_made import SITE, snapshot_of


def read(*given, n_items=10):
    return Picks.read(snapshot_of(n_items), given)


def test_picks_keep_the_order_in_which_they_were_made():
    picks = read(("like", "item-2"), ("not", "item-0"), ("like", "item-1"))
    assert picks.made == (("like", "item-2"), ("not", "item-0"), ("like", "item-1"))
    assert (picks.likes, picks.dismissed) == (["item-2", "item-1"], ["item-0"])
    assert picks.last == "item-1"
    assert picks.href == f"/{SITE}/taste?like=item-2&not=item-0&like=item-1"


def test_a_button_is_pressed_after_all_that_stands_there():
    picks = read(("pick", "item-3"), ("like", "item-1"), ("dismiss", "item-1"))
    assert picks.made == (("like", "item-3"), ("not", "item-1"))


def test_undoing_takes_back_whatever_was_said_of_an_item():
    assert read(("undo", "item-1"), ("like", "item-1"), ("not", "item-2")).made == (
        ("not", "item-2"),
    )
    assert read(("undo", "item-1")).last is None


def test_other_names_say_nothing():
    assert read(("liked", "item-1"), ("", "item-2"), ("LIKE", "item-3")).made == ()


def test_unknown_items_are_counted_once_and_left_out():
    picks = read(("like", "gone"), ("not", "gone"), ("like", "x" * 9999), ("like", "item-1"))
    assert picks.made == (("like", "item-1"),)
    assert picks.n_unknown == 2


def test_only_so_many_are_taken():
    ids = [("like", f"item-{n}") for n in range(MAX_PICKS + 1)]
    assert read(*ids[1:], n_items=MAX_PICKS + 1).is_full
    assert not read(*ids[2:], n_items=MAX_PICKS + 1).is_full
    with pytest.raises(ApiProblemError, match=f"at most {MAX_PICKS}"):
        read(*ids, n_items=MAX_PICKS + 1)


def test_long_ids_fill_an_address_sooner():
    snapshot = snapshot_of(40)
    object.__setattr__(snapshot.items, "index", {f"{n:0250}": n for n in range(40)})
    few = Picks.read(snapshot, [("like", one) for one in list(snapshot.items.index)[:20]])
    many = Picks.read(snapshot, [("like", one) for one in snapshot.items.index])
    assert (len(many.made), few.is_full, many.is_full) == (40, False, True)
