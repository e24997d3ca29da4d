from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.curated import Curated, curated_path, empty_curated, require_curated
from pipeline.dataset.items import accumulate_items, curate_items
from pipeline.dataset.likes import curate_likes
from scrapers.records import RAW_SCHEMAS, RawTable
from tests.pipeline.dataset.conftest import BEGUN

START = datetime(2026, 11, 1, tzinfo=UTC)
TEXT = st.none() | st.sampled_from(["one", "two"])
TAGS = st.none() | st.lists(st.sampled_from("abc"), min_size=1, max_size=2)
ROW = st.fixed_dictionaries(
    {"item_id": st.sampled_from("xy"), "title": TEXT, "creator": TEXT, "tags": TAGS}
)
RUNS = st.lists(st.lists(ROW, max_size=3, unique_by=lambda row: row["item_id"]), max_size=4)


def features(day, rows):
    schema = pl.Schema(RAW_SCHEMAS[RawTable.FEATURES])
    at = START + timedelta(days=day)
    return pl.DataFrame([{"crawled_at": at, **row} for row in rows], schema=schema)


def items(raw):
    return {
        row["item_id"]: row for row in require_curated(raw.data, "shop", Curated.ITEMS).to_dicts()
    }


@given(RUNS)
def test_runs_one_by_one_give_what_all_at_once_do(runs):
    frames = [features(day, rows) for day, rows in enumerate(runs)]
    step_by_step = empty_curated(Curated.ITEMS)
    for frame in frames:
        step_by_step = accumulate_items(step_by_step, frame)
        assert accumulate_items(step_by_step, frame).equals(step_by_step)
    at_once = accumulate_items(empty_curated(Curated.ITEMS), *frames)
    assert at_once.equals(step_by_step)
    assert at_once.equals(accumulate_items(empty_curated(Curated.ITEMS), *frames[::-1]))
    newest = {}
    for rows in runs:
        for row in rows:
            known = {name: value for name, value in row.items() if value is not None}
            newest[row["item_id"]] = newest.get(row["item_id"], {}) | known
    found = at_once.select("item_id", "title", "creator", "tags").to_dicts()
    expected = {"title": None, "creator": None, "tags": []}
    assert found == [expected | newest[item_id] for item_id in sorted(newest)]


def test_catalogue_and_features_make_one_item(raw):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x", "title": "Lamp", "like_count": 1200}])
    picture = {"url": "http://127.0.0.1/p.webp", "width": 320, "height": 240}
    detail = {"item_id": "x", "creator": "Ann", "tags": ["light"], "thumbnails": [picture]}
    raw.land(RawTable.FEATURES, "a", [detail], day=1)
    report = curate_items(raw.data, "shop")
    assert (report.n_items, report.n_new_items, report.n_undescribed) == (1, 1, 0)
    assert report.run_ids == ("a",)
    row = items(raw)["x"]
    assert (row["title"], row["creator"], row["announced_like_count"]) == ("Lamp", "Ann", 1200)
    assert (row["tags"], row["categories"], row["thumbnails"]) == (["light"], [], [picture])
    assert row["last_seen_at"] - row["first_seen_at"] == timedelta(days=1)


def test_newest_value_wins_a_missing_one_does_not(raw):
    raw.land(RawTable.FEATURES, "a", [{"item_id": "x", "title": "Old", "license": "CC0"}], day=0)
    raw.land(RawTable.FEATURES, "b", [{"item_id": "x", "title": "New", "tags": []}], day=1)
    curate_items(raw.data, "shop")
    assert (items(raw)["x"]["title"], items(raw)["x"]["license"]) == ("New", "CC0")


def test_item_that_a_crawl_no_longer_sees_stays_and_is_gone(raw):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "gone"}, {"item_id": "here"}], day=0)
    curate_items(raw.data, "shop")
    raw.land(RawTable.ITEMS, "b", [{"item_id": "here"}], day=1)
    report = curate_items(raw.data, "shop")
    assert (report.n_items, report.n_new_items, report.run_ids) == (2, 0, ("b",))
    assert items(raw)["gone"]["last_seen_at"] < items(raw)["here"]["last_seen_at"]
    assert items(raw)["here"]["gone_at"] is None
    assert items(raw)["gone"]["gone_at"] == BEGUN + timedelta(days=1, hours=1)


def test_nothing_new_changes_no_byte(raw):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x", "title": "Lamp"}])
    curate_items(raw.data, "shop")
    path = curated_path(raw.data, "shop", Curated.ITEMS)
    before = path.read_bytes()
    assert curate_items(raw.data, "shop").n_raw_rows == 0
    assert path.read_bytes() == before


def test_liked_item_without_a_catalogue_gets_a_row_until_it_is_described(raw, key):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "known", "title": "Known"}])
    raw.land_likes("a", [("ann", "known"), ("ann", "bare")], day=1)
    curate_likes(raw.data, "shop", key)
    report = curate_items(raw.data, "shop")
    assert (report.n_items, report.n_undescribed) == (2, 1)
    assert items(raw)["bare"]["title"] is None
    assert items(raw)["known"]["last_seen_at"] < items(raw)["bare"]["last_seen_at"]
    raw.land(RawTable.FEATURES, "b", [{"item_id": "bare", "title": "Found"}], day=2)
    assert curate_items(raw.data, "shop").n_undescribed == 0
    assert items(raw)["bare"]["title"] == "Found"


@pytest.mark.parametrize("table", [Curated.ITEMS])
def test_lost_table_is_curated_again_and_likes_are_not(raw, key, table):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x"}])
    raw.land_likes("a", [("ann", "x")])
    curate_likes(raw.data, "shop", key)
    curate_items(raw.data, "shop")
    curated_path(raw.data, "shop", table).unlink()
    assert curate_items(raw.data, "shop").n_raw_rows == 1
    assert curate_likes(raw.data, "shop", key).n_raw_rows == 0
