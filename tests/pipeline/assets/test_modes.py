from datetime import timedelta

import dagster as dg
import pytest

from pipeline.assets.modes import MODE_TAG, asked_mode, due_mode
from pipeline.assets.schedules import site_jobs
from pipeline.sites import SITES
from scrapers.records import Mode, RawTable, RunStatus, UnitKind, UnitState
from tests.pipeline.dataset.conftest import BEGUN, RawZone, read

FULL, INCREMENTAL = Mode.FULL, Mode.INCREMENTAL


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    zone = RawZone(tmp_path)
    zone.site = "sketchfab"
    return zone


def crawl(raw, day, **run):
    for table in (RawTable.ITEMS, RawTable.LIKES):
        raw.land(table, f"day-{day}", day=day, **run)


def due(raw, day, every=7):
    # a tick comes a little before the crawl of so many days ago is that old
    now = BEGUN + timedelta(days=day, seconds=-5)
    return due_mode(raw.data, raw.site, full_every_days=every, now=now)


def test_run_by_hand_visits_everything():
    assert asked_mode({}) is FULL
    assert asked_mode({MODE_TAG: "incremental", "other": "x"}) is INCREMENTAL


def test_first_crawl_is_full(raw):
    assert due(raw, 0) is FULL


@pytest.mark.parametrize(
    ("day", "every", "mode"),
    [
        (1, 7, INCREMENTAL),
        (6, 7, INCREMENTAL),
        (7, 7, FULL),
        (8, 7, FULL),
        (1, 1, FULL),
        (0, 0, FULL),
    ],
)
def test_full_crawl_is_due_every_so_many_days(raw, day, every, mode):
    crawl(raw, 0)
    assert due(raw, day, every) is mode


def test_daily_crawls_put_nothing_off(raw):
    crawl(raw, 0)
    for day in range(1, 7):
        crawl(raw, day, mode=INCREMENTAL)
    assert due(raw, 7) is FULL


@pytest.mark.parametrize("status", [RunStatus.PARTIAL, RunStatus.RUNNING, RunStatus.FAILED])
def test_full_crawl_that_was_cut_short_is_none(raw, status):
    crawl(raw, 0)
    crawl(raw, 7, status=status)
    assert due(raw, 8) is FULL


def test_full_crawl_with_a_short_list_is_one(raw):
    raw.land(RawTable.ITEMS, "a")
    ends = [read(UnitKind.ITEM_LIKES, f"i{n}") for n in range(99)]
    short = read(UnitKind.ITEM_LIKES, "short", state=UnitState.PARTIAL, whole=False)
    raw.land(RawTable.LIKES, "a", [], units=[[*ends, short]], status=RunStatus.PARTIAL)
    assert due(raw, 1) is INCREMENTAL
    unread = {"units_unread": 1}
    raw.land(RawTable.LIKES, "a", [], units=[ends], status=RunStatus.PARTIAL, counts=unread)
    assert due(raw, 1) is FULL


def test_likes_that_were_never_read_whole_make_the_next_crawl_full(raw):
    raw.land(RawTable.ITEMS, "a")
    assert due(raw, 1) is FULL


@pytest.mark.parametrize(("days", "mode"), [("7", "incremental"), ("2", "full")])
def test_daily_schedule_asks_for_the_mode_that_is_due(raw, monkeypatch, days, mode):
    monkeypatch.setenv("LIKEWISE_SKETCHFAB_FULL_EVERY_DAYS", days)
    crawl(raw, 0)
    jobs = site_jobs(SITES["sketchfab"])
    daily, thumbnails = (
        jobs.get_schedule_def(f"{job}_sketchfab_schedule") for job in ("refresh", "thumbnails")
    )
    with dg.DagsterInstance.ephemeral() as instance:
        tick = dg.build_schedule_context(instance, BEGUN + timedelta(days=3))
        (run,) = daily.evaluate_tick(tick).run_requests
        assert run.tags[MODE_TAG] == mode
        (run,) = thumbnails.evaluate_tick(tick).run_requests
        assert MODE_TAG not in run.tags, "links to pictures go stale on all pages"
