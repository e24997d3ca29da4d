import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.errors import ApiProblemError
from serving.lists.cursor import MAX_CURSOR_LENGTH, MAX_OFFSET, decode_cursor, encode_cursor
from serving.problems import KINDS


@settings(deadline=None)
@given(snapshot_id=st.text(max_size=60), offset=st.integers(0, MAX_OFFSET))
def test_an_offset_comes_back_from_a_cursor_that_a_url_can_hold(snapshot_id, offset):
    cursor = encode_cursor(snapshot_id, offset)
    assert decode_cursor(snapshot_id, cursor) == offset
    assert len(cursor) <= MAX_CURSOR_LENGTH
    assert all(letter.isalnum() or letter in "-_" for letter in cursor)


def test_no_cursor_is_the_beginning():
    assert decode_cursor("a", None) == 0


def test_a_cursor_of_another_snapshot_says_so():
    with pytest.raises(ApiProblemError, match="ask again") as raised:
        decode_cursor("b", encode_cursor("a", 20))
    assert "has been renewed" in raised.value.detail
    assert KINDS["stale-cursor"] == raised.value.detail
    assert (raised.value.status, raised.value.kind) == (409, "stale-cursor")
    assert raised.value.kind in KINDS


@settings(deadline=None)
@given(cursor=st.text(max_size=80))
def test_anything_else_is_refused_whatever_it_is(cursor):
    with pytest.raises(ApiProblemError) as raised:
        decode_cursor("a", cursor)
    assert raised.value.status in {422, 409}


@pytest.mark.parametrize("cursor", ["", "20", "é" * 16, "A" * 15, "A" * 20, "====", "__", "\x00"])
def test_what_is_no_cursor_is_a_fault_of_the_request(cursor):
    with pytest.raises(ApiProblemError) as raised:
        decode_cursor("a", cursor)
    assert raised.value.status == 422
    assert raised.value.more["errors"][0]["name"] == "cursor"


def test_a_bent_offset_is_not_taken_beyond_what_arrays_hold():
    with pytest.raises(ApiProblemError):
        decode_cursor("a", encode_cursor("a", MAX_OFFSET + 1))
