"""Checks of crawls by several processes and of daily ones; their twins stand in test_checks."""

import dagster as dg
import pytest

from pipeline.assets.crawl_checks import crawl_checks
from pipeline.assets.workspace import Workspace
from pipeline.sites import Site
from scrapers.records import Mode, RawTable, RunStatus, UnitKind, UnitState
from tests.pipeline.dataset.conftest import RawZone, read

SHOP = Site("shop", "Shop", "https://shop.example")
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
HANDLES = [f"u{n}" for n in range(100)]


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    return RawZone(tmp_path)


def evaluate(asset, name):
    (check,) = [
        checks
        for checks in crawl_checks(SHOP)
        for spec in checks.check_specs
        if (spec.asset_key.path[1], spec.name) == (asset, name)
    ]
    result = check(workspace=Workspace())
    return result.passed, result.severity, {k: v.value for k, v in result.metadata.items()}


def visited(*lists):
    """Ends of lists, each what was read of what was announced."""
    return [
        read(UnitKind.ITEM_LIKES, f"i{n}", read=got, announced=announced)
        for n, (got, announced) in enumerate(lists)
    ]


@pytest.mark.parametrize(
    ("lists", "passed", "severity"),
    [
        ([], True, WARN),
        ([(100, 100), (50, 50)], True, WARN),
        ([(100, 90), (50, 60)], False, WARN),
        ([(10, 100), (10, 50)], False, ERROR),
        ([(0, None), (50, 50)], True, WARN),
    ],
)
def test_daily_crawl_is_held_against_what_its_lists_announce(raw, lists, passed, severity):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x", "like_count": 10**6}])
    raw.land(RawTable.LIKES, "a", [], units=[visited(*lists)], mode=Mode.INCREMENTAL)
    found = evaluate("raw_likes", "announced_likes_are_read")
    assert found[0] is passed
    if not passed:
        assert found[1] is severity


@pytest.mark.parametrize(("shown", "passed"), [(100, True), (40, False)])
def test_full_crawl_by_two_processes_is_held_against_the_catalogue_of_two(raw, shown, passed):
    raw.land(RawTable.ITEMS, "a.1-of-2", [{"item_id": "x", "like_count": 40}], crawl_id="a")
    raw.land(RawTable.ITEMS, "a.2-of-2", [{"item_id": "y", "like_count": 60}], crawl_id="a")
    raw.land_likes("a.1-of-2", [(user, "x") for user in HANDLES[:40]], crawl_id="a")
    raw.land_likes("a.2-of-2", [(user, "y") for user in HANDLES[40:shown]], crawl_id="a")
    found = evaluate("raw_likes", "announced_likes_are_read")
    assert found[0] is passed
    assert found[2]["announced"] == 100
    assert found[2]["read"] == shown


def test_purged_likes_were_read(raw):
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x", "like_count": 100}])
    raw.land(RawTable.LIKES, "a", counts={"purged": 100})
    assert evaluate("raw_likes", "announced_likes_are_read")[0]


@pytest.mark.parametrize(
    ("others", "passed"),
    [
        ([], False),
        ([("a.2-of-2", RunStatus.PARTIAL)], False),
        ([("a.2-of-2", RunStatus.COMPLETE)], True),
    ],
)
def test_crawl_is_complete_once_all_its_processes_are(raw, others, passed):
    unread = read(UnitKind.ITEM_FEATURES, "x", state=UnitState.FAILED, whole=False)
    raw.land(RawTable.FEATURES, "a.1-of-2", [], units=[[unread]], crawl_id="a")
    for run_id, status in others:
        raw.land(RawTable.FEATURES, run_id, crawl_id="a", status=status)
    found = evaluate("raw_features", "crawl_is_complete")
    assert found[0] is passed
    assert (found[2]["units"], found[2]["units_not_done"]) == (1, 1)


def test_first_crawl_ever_has_not_drifted_and_is_said_to_be_the_first(raw):
    assert evaluate("raw_catalogue", "has_not_drifted")[2] == {"crawl": "none"}
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x"}])
    passed, _, told = evaluate("raw_catalogue", "has_not_drifted")
    assert passed
    assert told == {"crawl": "a", "state": "good", "held_against": "nothing: it is the first"}
