import pytest

from serving.lists.cursor import decode_cursor, encode_cursor
from serving.pages.paging import pager_of
from tests.serving.hand_made import snapshot_of


@pytest.mark.parametrize(
    ("offset", "number", "first", "previous"),
    [(0, 1, None, None), (10, 2, None, "start"), (20, 3, "start", 10), (25, 4, "start", 15)],
)
def test_a_page_knows_the_ones_around_it(offset, number, first, previous):
    snapshot = snapshot_of(1)
    name = snapshot.edition
    cursor = encode_cursor(name, offset) if offset else None
    pager = pager_of(snapshot, cursor, "next", lambda one: one or "start", k=10)
    where = pager.previous
    if where and where != "start":
        where = decode_cursor(name, where)
    assert (pager.number, pager.first, where) == (number, first, previous)
    assert pager.following == "next"


def test_a_list_of_one_page_needs_no_pager():
    snapshot = snapshot_of(1)
    assert pager_of(snapshot, None, None, str).is_only
    assert not pager_of(snapshot, None, "next", str).is_only
