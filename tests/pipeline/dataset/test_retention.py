import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.dataset.curated import Curated, require_curated
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.raw import raw_runs, read_parts
from pipeline.dataset.retention import purge_raw
from pipeline.errors import RawZoneError
from scrapers.records import (
    MANIFEST_NAME,
    RawTable,
    RunStatus,
    UnitKind,
    UnitState,
    listed_parts,
    read_manifest,
)
from tests.pipeline.dataset.conftest import read

BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def purge(raw, *, days, after):
    return purge_raw(raw.data, "shop", retention_days=days, now=BEGUN + timedelta(days=after))


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_old_likes_go_and_the_manifest_says_so(raw, key):
    folder = raw.land_likes("a", [("ann", "x"), ("bob", "x")])
    (folder / ".left-over.tmp").write_text("ann")
    curate_likes(raw.data, "shop", key)
    report = purge(raw, days=7, after=7)
    assert (report.purged_run_ids, report.waiting_run_ids) == (("a",), ())
    assert (report.n_likes, report.n_files) == (2, 2)
    assert names(folder) == {"manifest.json"}
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    assert (run.manifest.parts, run.manifest.counts) == ((), {"purged": 2})
    assert read_parts(run).is_empty()
    assert len(require_curated(raw.data, "shop", Curated.LIKES)) == 2


def test_young_likes_stay(raw, key):
    folder = raw.land_likes("a", [("ann", "x")])
    curate_likes(raw.data, "shop", key)
    report = purge(raw, days=7, after=6.9)
    assert (report.purged_run_ids, report.n_files) == ((), 0)
    assert "part-00000.parquet" in names(folder)


def test_likes_that_were_not_pseudonymized_are_never_purged_but_reported(raw, key):
    raw.land_likes("a", [("ann", "x")])
    curate_likes(raw.data, "shop", key)
    folder = raw.land_likes("b", [("bob", "x")])
    report = purge(raw, days=0, after=1000)
    assert (report.purged_run_ids, report.waiting_run_ids) == (("a",), ("b",))
    assert "part-00000.parquet" in names(folder)
    assert curate_likes(raw.data, "shop", key).n_likes == 2


def test_zero_days_keep_none_past_pseudonymizing(raw, key):
    folder = raw.land_likes("a", [("ann", "x")])
    curate_likes(raw.data, "shop", key)
    assert purge(raw, days=0, after=0).purged_run_ids == ("a",)
    assert names(folder) == {"manifest.json"}


def test_second_purge_does_nothing(raw, key):
    raw.land_likes("a", [("ann", "x")])
    curate_likes(raw.data, "shop", key)
    purge(raw, days=0, after=1)
    report = purge(raw, days=0, after=2)
    assert (report.purged_run_ids, report.n_likes, report.n_files) == ((), 0, 0)
    assert curate_likes(raw.data, "shop", key).n_likes == 1


def test_crawl_that_still_runs_is_left_alone_until_it_is_abandoned(raw, key):
    raw.land_likes("a", [("ann", "x")], status=RunStatus.RUNNING)
    curate_likes(raw.data, "shop", key)
    assert purge(raw, days=0, after=1.9).purged_run_ids == ()
    assert purge(raw, days=0, after=2).purged_run_ids == ("a",)


@pytest.mark.parametrize("table", list(RawTable))
def test_old_rejects_of_every_table_go_and_young_ones_stay(raw, table):
    old, young = raw.land(table, "a", day=0), raw.land(table, "b", day=6)
    for folder in (old, young):
        (folder / "rejects.jsonl").write_text('{"handle": "ann"}')
    assert purge(raw, days=7, after=7).n_files == 1
    assert names(old) == {"manifest.json"}
    assert "rejects.jsonl" in names(young)


def test_items_and_features_stay(raw):
    folder = raw.land(RawTable.ITEMS, "a", [{"item_id": "x"}])
    purge(raw, days=0, after=1000)
    assert "part-00000.parquet" in names(folder)


def test_folder_of_likes_without_manifest_goes_once_it_is_abandoned(raw):
    folder = raw.folder(RawTable.LIKES, "torn")
    folder.mkdir(parents=True)
    (folder / ".part.tmp").write_text("ann")
    os.utime(folder, (BEGUN.timestamp(), BEGUN.timestamp()))
    assert purge(raw, days=0, after=1.9).n_files == 0
    assert purge(raw, days=0, after=2).n_files == 1
    assert not folder.exists()


def test_manifest_without_an_instant_is_refused(raw):
    folder = raw.land_likes("a", [("ann", "x")])
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(BEGUN.isoformat(), "yesterday"))
    with pytest.raises(RawZoneError, match="'yesterday', which is no instant"):
        purge(raw, days=0, after=1)


def test_units_of_purged_likes_stay(raw, key):
    ends = [read(UnitKind.ITEM_LIKES, item) for item in "xy"]
    rows = [[{"user_handle": "ann", "item_id": item}] for item in "xy"]
    folder = raw.land(RawTable.LIKES, "a", *rows, units=[[end] for end in ends])
    curate_likes(raw.data, "shop", key)
    assert purge(raw, days=0, after=1).n_likes == 2
    assert names(folder) == {"manifest.json"}
    assert listed_parts(folder) == []
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    assert list(run.manifest.units.values()) == ends
    assert read_parts(run).is_empty()
    again = purge(raw, days=0, after=2)
    assert (again.purged_run_ids, again.n_files) == ((), 0)
    assert curate_likes(raw.data, "shop", key).run_ids == ()


def test_crawl_that_goes_on_after_its_purge_is_purged_again(raw, key):
    unit = read(UnitKind.ITEM_LIKES, "x", state=UnitState.PARTIAL, whole=False)
    folder = raw.land_likes("a", [("ann", "x")], units=[unit])
    curate_likes(raw.data, "shop", key)
    purge(raw, days=0, after=1)
    manifest = read_manifest(folder)
    (purged,) = manifest.parts
    raw.land_likes("b", [("ann", "x"), ("bob", "x")], units=[read(UnitKind.ITEM_LIKES, "x", day=1)])
    (landed,) = read_manifest(raw.folder(RawTable.LIKES, "b")).parts
    shutil.move(raw.folder(RawTable.LIKES, "b") / landed.name, folder / "part-00001.parquet")
    shutil.rmtree(raw.folder(RawTable.LIKES, "b"))
    more = replace(manifest, parts=(purged, replace(landed, name="part-00001.parquet")))
    (folder / MANIFEST_NAME).write_text(more.to_json())
    assert curate_likes(raw.data, "shop", key).n_likes == 2
    assert purge(raw, days=0, after=2).n_likes == 2
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    assert (len(run.manifest.parts), run.manifest.counts) == (1, {"purged": 3})
    assert [unit.state for unit in run.manifest.units.values()] == [UnitState.DONE]
    assert curate_likes(raw.data, "shop", key).run_ids == ()
    assert require_curated(raw.data, "shop", Curated.LIKES)["gone_at"].null_count() == 2
