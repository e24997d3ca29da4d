from serving.pages.handful import handful
from tests.serving.hand_made import snapshot_of

GROUPS = {"tag": {"a": [0, 1, 2], "b": [0, 3], "c": [5]}}


def ids(snapshot, without, n):
    return [card["item_id"] for card in handful(snapshot, without, n)]


def test_each_tag_gives_its_best_in_turn_and_popular_items_fill_up():
    snapshot = snapshot_of(8, groups=GROUPS)
    assert ids(snapshot, (), 3) == ["item-0", "item-3", "item-5"]
    assert ids(snapshot, (), 5) == ["item-0", "item-3", "item-5", "item-1", "item-2"]


def test_what_is_left_out_makes_way_for_the_next():
    snapshot = snapshot_of(8, groups=GROUPS)
    assert ids(snapshot, {0, 3}, 2) == ["item-1", "item-5"]


def test_creators_take_turns_too():
    groups = {**GROUPS, "creator": {"x": [0, 3], "y": [1, 2, 4, 5, 6, 7]}}
    snapshot = snapshot_of(8, groups=groups)
    assert ids(snapshot, (), 2) == ["item-0", "item-5"]
    assert ids(snapshot, (), 3) == ["item-0", "item-5", "item-1"]


def test_denied_items_are_never_offered():
    snapshot = snapshot_of(4, groups={"tag": {"a": [0, 1]}}, denied=[0])
    assert ids(snapshot, (), 9) == ["item-1", "item-2", "item-3"]


def test_a_site_without_items_has_nothing_to_offer():
    assert ids(snapshot_of(0), (), 5) == []
