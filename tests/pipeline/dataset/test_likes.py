import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.anonymize import anonymize
from pipeline.dataset.curated import Curated, curated_path, empty_curated, require_curated
from pipeline.dataset.keys import Key
from pipeline.dataset.likes import accumulate_likes, curate_likes, likes_run_ids
from pipeline.errors import KeyFileError, RawZoneError
from scrapers.records import RAW_SCHEMAS, RawTable, pseudonym

KEY = Key(bytes(range(32)))
OTHER_KEY = Key(bytes(32))
START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = st.integers(0, 9)
ROW = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.none() | DAY, DAY)
RUNS = st.lists(st.lists(ROW, max_size=6), max_size=5)


def anonymized(rows, key=KEY):
    at = lambda day: None if day is None else START + timedelta(days=day)  # noqa: E731
    schema = pl.Schema(RAW_SCHEMAS[RawTable.LIKES])
    frame = pl.DataFrame(
        [(user, item, at(liked), at(seen)) for user, item, liked, seen in rows],
        schema=schema,
        orient="row",
    )
    return anonymize(frame, "shop", key)


def accumulated(runs):
    likes = empty_curated(Curated.LIKES)
    for run in runs:
        likes = accumulate_likes(likes, anonymized(run))
    return likes


@given(RUNS, st.randoms())
def test_order_and_repeats_of_runs_change_nothing(runs, chance):
    again = [*runs, *runs]
    chance.shuffle(again)
    assert accumulated(runs).equals(accumulated(again))
    assert accumulated(runs).equals(anonymized([row for run in runs for row in run]))


def test_a_like_keeps_its_earliest_times_and_its_last_sighting():
    likes = accumulated([[("a", "x", None, 3)], [("a", "x", 2, 5)], [("a", "x", None, 4)]])
    row = likes.row(0, named=True)
    days = [(row[name] - START).days for name in ("liked_at", "first_seen_at", "last_seen_at")]
    assert days == [2, 3, 5]


def test_rows_of_two_keys_are_refused():
    rows = [("a", "x", None, 1)]
    with pytest.raises(KeyFileError, match=f"{KEY.key_id}.*doubled; restore the first key"):
        accumulate_likes(anonymized(rows), anonymized(rows, OTHER_KEY))


def test_runs_accumulate_and_are_read_once(raw):
    raw.land_likes("a", [("ann", "lamp"), ("bob", "lamp")], day=0)
    first = curate_likes(raw.data, "shop", KEY)
    assert (first.n_likes, first.n_users, first.n_items, first.n_new_likes) == (2, 2, 1, 2)
    raw.land_likes("b", [("ann", "lamp"), ("ann", "sofa")], day=1)
    second = curate_likes(raw.data, "shop", KEY)
    assert (second.n_likes, second.n_new_likes, second.n_raw_rows) == (3, 1, 2)
    assert second.run_ids == ("b",)
    assert likes_run_ids(raw.data, "shop") == ("a", "b")
    likes = require_curated(raw.data, "shop", Curated.LIKES)
    assert set(likes["user_id"]) == {pseudonym("shop", name, KEY) for name in ("ann", "bob")}


def test_nothing_new_changes_no_byte(raw):
    raw.land_likes("a", [("ann", "lamp")])
    curate_likes(raw.data, "shop", KEY)
    path = curated_path(raw.data, "shop", Curated.LIKES)
    before = path.read_bytes(), path.stat().st_mtime_ns
    report = curate_likes(raw.data, "shop", KEY)
    assert (report.n_new_likes, report.n_raw_rows, report.n_likes) == (0, 0, 1)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_parts_that_a_run_lands_later_are_read_later(raw):
    raw.land(RawTable.LIKES, "a", [{"user_handle": "ann", "item_id": "lamp"}])
    curate_likes(raw.data, "shop", KEY)
    rows = [[{"user_handle": name, "item_id": "lamp"}] for name in ("ann", "bob")]
    raw.land(RawTable.LIKES, "a", *rows)
    report = curate_likes(raw.data, "shop", KEY)
    assert (report.n_likes, report.n_raw_rows) == (2, 1)


def test_lost_table_is_curated_again_in_full(raw):
    raw.land_likes("a", [("ann", "lamp")])
    curate_likes(raw.data, "shop", KEY)
    curated_path(raw.data, "shop", Curated.LIKES).unlink()
    assert curate_likes(raw.data, "shop", KEY).n_likes == 1


@pytest.mark.parametrize("more", [True, False])
def test_other_key_on_existing_likes_is_refused_and_changes_nothing(raw, more):
    raw.land_likes("a", [("ann", "lamp")])
    curate_likes(raw.data, "shop", KEY)
    before = curated_path(raw.data, "shop", Curated.LIKES).read_bytes()
    if more:
        raw.land_likes("b", [("ann", "sofa")])
    with pytest.raises(KeyFileError, match="another key"):
        curate_likes(raw.data, "shop", OTHER_KEY)
    assert curated_path(raw.data, "shop", Curated.LIKES).read_bytes() == before


def test_damaged_part_stops_the_curation_before_it_writes(raw):
    folder = raw.land_likes("a", [("ann", "lamp")])
    (folder / "part-00000.parquet").write_bytes(b"torn")
    with pytest.raises(RawZoneError):
        curate_likes(raw.data, "shop", KEY)
    assert not curated_path(raw.data, "shop", Curated.LIKES).exists()


def test_no_handle_reaches_the_curated_zone(raw):
    handle = f"planted-{random.Random(1).getrandbits(64):x}"
    raw.land_likes("a", [(handle, "lamp")])
    curate_likes(raw.data, "shop", KEY)
    texts = [
        path.read_text() if path.suffix == ".json" else str(pl.read_parquet(path).to_dicts())
        for path in (raw.data / "curated").rglob("*")
        if path.is_file()
    ]
    assert len(texts) == 3
    assert not [text for text in texts if handle in text]
    part = raw.folder(RawTable.LIKES, "a") / "part-00000.parquet"
    assert handle in str(pl.read_parquet(part).to_dicts())
