import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.checking import check, check_id, check_instant, clean_text
from scrapers.errors import RecordError
from scrapers.records import FeatureRecord, ItemRecord, Thumbnail

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ITEM = ItemRecord("a1", "A title", 3, None, "https://example.org/a1", NOW)
FEATURES = FeatureRecord(
    item_id="a1",
    title="A title",
    creator="Ann",
    license="CC0",
    like_count=3,
    view_count=9,
    published_at=NOW,
    url="https://example.org/a1",
    embed_url=None,
    tags=("red",),
    categories=(),
    thumbnails=(Thumbnail("https://example.org/a1.webp", 320, 200),),
    crawled_at=NOW,
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def faults_of(record):
    with pytest.raises(RecordError) as caught:
        check(record)
    return {fault.field for fault in caught.value.faults}


def test_good_records_pass_unchanged():
    assert check(ITEM) == ITEM
    assert check(FEATURES) == FEATURES


@given(st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from(BIDI)))
def test_clean_text_holds_nothing_unwanted_and_is_stable(text):
    cleaned = clean_text(text)
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cs"}
    assert not set(cleaned) & set(BIDI)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean_text(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf"))))
def test_clean_text_takes_out_nothing_else(text):
    assert clean_text(text) == unicodedata.normalize("NFC", text)


def test_hostile_title_comes_out_letter_for_letter():
    title = ' |"<b>\\\u202eevil\u0000\x1b[31m</b>|e\u0301 '
    assert check(replace(ITEM, title=title)).title == ' |"<b>\\evil[31m</b>|\u00e9 '


def test_every_fault_is_named_at_once_and_no_value():
    broken = replace(
        FEATURES,
        item_id="",
        title=12,
        like_count=-1,
        view_count=True,
        published_at="yesterday",
        url="javascript:alert(1)",
        tags="red",
        thumbnails=(Thumbnail("https://example.org/secret.png", 0, 200),),
    )
    with pytest.raises(RecordError) as caught:
        check(broken)
    assert {fault.field for fault in caught.value.faults} == {
        "item_id", "title", "like_count", "view_count", "published_at", "url", "tags",
        "thumbnails",
    }  # fmt: skip
    assert "secret" not in str(caught.value)
    assert "yesterday" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a",
        "//example.org/a",
        "https://",
        "http://[::1",
        "data:text/html,x",
        "https://user:secret@example.org/",
        "https://example.org/" + "a" * 2100,
        7,
    ],
)
def test_url_that_is_none_of_the_web_is_a_fault(url):
    assert faults_of(replace(ITEM, url=url)) == {"url"}


@pytest.mark.parametrize("count", [-1, 10**12 + 1, 1.0, "3", True, float("nan")])
def test_count_out_of_range_or_type_is_a_fault(count):
    assert faults_of(replace(ITEM, like_count=count)) == {"like_count"}


@pytest.mark.parametrize("item_id", ["a", "0" * 32, "a b", "user/1?x=%20", "\u00e9tude", "x" * 200])
def test_opaque_ids_are_kept_as_they_are(item_id):
    assert check_id(item_id) == item_id


@pytest.mark.parametrize("item_id", [None, "", " ", 7, "a\u0000", "a\u202e", "e\u0301", "x" * 201])
def test_id_that_cleaning_would_change_is_a_fault(item_id):
    with pytest.raises(ValueError, match=r"text|empty|control|characters"):
        check_id(item_id)


@pytest.mark.parametrize(
    "text",
    ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00.000000", "2026-11-01T02:00:00+02:00"],
)
def test_instants_come_out_in_utc(text):
    assert check_instant(text) == NOW
    assert check_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        1761955200,
        "1970-01-01T00:00:00Z",
        datetime.now(UTC) + timedelta(days=3),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
    ],
)
def test_instant_that_makes_no_sense_is_a_fault(value):
    with pytest.raises(ValueError, match=r"instant|before|calendar"):
        check_instant(value)


def test_absent_and_repeated_names_are_dropped_in_order():
    record = check(replace(FEATURES, tags=["red", None, "", "\u202e", "blue", "red"]))
    assert record.tags == ("red", "blue")


def test_too_many_or_too_long_names_are_faults():
    assert faults_of(replace(FEATURES, tags=tuple(map(str, range(1001))))) == {"tags"}
    assert faults_of(replace(FEATURES, categories=("x" * 501,))) == {"categories"}
