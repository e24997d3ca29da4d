import pytest

from scrapers.json_pages import get, names_of, read_object, rows_of


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"a": ', b"[1]", b"null", b"\xff{}", b"[" * 100_000, b"9" * 5000],
)
def test_body_that_is_no_json_object_gives_none(body):
    assert read_object(body) is None


def test_object_is_read():
    assert read_object(b'{"results": []}') == {"results": []}


@pytest.mark.parametrize("page", [{}, {"results": None}, {"results": {}}, {"results": [1]}])
def test_results_that_are_no_list_of_objects_give_none(page):
    assert rows_of(page) is None


def test_missing_steps_of_a_path_give_none():
    assert get({"user": {"uid": "u"}}, "user", "uid") == "u"
    assert get({"user": None}, "user", "uid") is None
    assert get(["user"], "user") is None


def test_names_of_what_is_no_list_are_left_for_the_check():
    assert names_of([{"name": "red"}, {}, 3]) == ("red", None, None)
    assert names_of("red") == "red"
    assert names_of(None) is None


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_unicode_whatever_a_header_says(codec):
    assert read_object('{"name": "é"}'.encode(codec)) == {"name": "é"}


def test_what_is_no_number_and_what_is_too_long_count_as_missing():
    body = b'{"a": NaN, "b": -Infinity, "c": 1%s, "d": 7}' % (b"0" * 5_000)
    assert read_object(body) == {"a": None, "b": None, "c": None, "d": 7}
