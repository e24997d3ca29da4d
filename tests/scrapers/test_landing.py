import stat
from datetime import UTC, datetime

import polars as pl
import pytest

from scrapers.arguments import CrawlArguments
from scrapers.environment import CrawlSettings
from scrapers.landing import LandingPipeline
from scrapers.plan import CrawlPlan
from scrapers.records import (
    CatalogueSource,
    ItemRecord,
    LikesPage,
    RawTable,
    RunStatus,
    Side,
    SiteRecord,
    Stage,
    listed_parts,
    raw_folder,
    read_manifest,
)
from scrapers.tally import FINISHED, Tally

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def landing(tmp_path, clock):
    def begin(stage=Stage.LIKES, part_rows=5):
        asked = CrawlArguments(
            "http://127.0.0.1:1", "http://127.0.0.1:1", stage, CatalogueSource.JSON, Side.ITEM,
            5, "r1",
        )  # fmt: skip
        plan = CrawlPlan("demo", asked, CrawlSettings(data=tmp_path), None)
        pipeline = LandingPipeline(plan, Tally(), part_rows=part_rows, part_age_s=60.0, clock=clock)
        pipeline.open_spider()
        return pipeline

    return begin


def page(*handles):
    n = len(handles)
    return LikesPage("m1", handles, ("m1",) * n, (None,) * n, NOW)


def folder(tmp_path, table):
    return raw_folder(tmp_path, "demo", table, "r1")


def test_full_part_is_landed_and_the_rest_at_the_end(landing, tmp_path):
    pipeline = landing()
    pipeline.process_item(page("u1", "u2", "u3"))
    assert listed_parts(folder(tmp_path, RawTable.LIKES)) == []
    pipeline.process_item(page("u4", "u5"))
    pipeline.process_item(page("u6"))
    pipeline.close_spider()
    parts = listed_parts(folder(tmp_path, RawTable.LIKES))
    assert [len(pl.read_parquet(part)) for part in parts] == [5, 1]


def test_old_rows_are_landed_though_the_part_is_not_full(landing, clock, tmp_path):
    pipeline = landing()
    pipeline.process_item(page("u1"))
    clock.now = 59.0
    pipeline.land_if_due()
    assert listed_parts(folder(tmp_path, RawTable.LIKES)) == []
    clock.now = 60.0
    pipeline.land_if_due()
    assert len(listed_parts(folder(tmp_path, RawTable.LIKES))) == 1


def test_display_names_are_not_landed(landing, tmp_path):
    pipeline = landing()
    pipeline.process_item(page("u1"))
    pipeline.close_spider()
    (part,) = listed_parts(folder(tmp_path, RawTable.LIKES))
    assert pl.read_parquet(part).columns == ["user_handle", "item_id", "liked_at", "crawled_at"]


def test_bad_record_is_set_aside_with_its_reason(landing, tmp_path):
    pipeline = landing(Stage.CATALOGUE)
    pipeline.process_item(ItemRecord("", 7, None, None, None, NOW))
    pipeline.process_item(ItemRecord("a", "t", 3, None, None, NOW))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    manifest = read_manifest(folder(tmp_path, RawTable.ITEMS))
    assert manifest.rows == 1
    assert manifest.counts["rejected_title"] == 1
    rejects = folder(tmp_path, RawTable.ITEMS) / "rejects.jsonl"
    assert "title: is int, expected text" in rejects.read_text()
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


def test_status_is_written_down_once(landing, tmp_path):
    pipeline = landing()
    pipeline.process_item(page("u1"))
    assert pipeline.finish("shutdown") is RunStatus.PARTIAL
    assert pipeline.finish(FINISHED) is RunStatus.PARTIAL
    assert read_manifest(folder(tmp_path, RawTable.LIKES)).status is RunStatus.PARTIAL


def test_run_that_landed_nothing_failed(landing, tmp_path):
    assert landing().finish(FINISHED) is RunStatus.FAILED
    assert read_manifest(folder(tmp_path, RawTable.LIKES)).parts == ()


def test_one_site_record_a_run(landing, tmp_path):
    record = SiteRecord("Demo", "http://127.0.0.1:1", ("127.0.0.1:1",), (), None, (), NOW)
    for stage in (Stage.CATALOGUE, Stage.LIKES):
        landing(stage).process_item(record)
    parts = listed_parts(folder(tmp_path, RawTable.SITE))
    assert [len(pl.read_parquet(part)) for part in parts] == [1]


def test_run_that_died_is_taken_up_after_its_listed_parts(landing, tmp_path):
    died = landing()
    died.process_item(page("u1", "u2", "u3", "u4", "u5"))
    died.process_item(page("lost"))
    again = landing()
    again.process_item(page("u6"))
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    parts = listed_parts(folder(tmp_path, RawTable.LIKES))
    handles = [h for part in parts for h in pl.read_parquet(part)["user_handle"]]
    assert handles == ["u1", "u2", "u3", "u4", "u5", "u6"]


def test_what_is_no_record_is_an_error(landing):
    with pytest.raises(TypeError, match="dict is no record"):
        landing().process_item({"user_handle": "u1"})
