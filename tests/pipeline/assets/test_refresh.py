import asyncio
import json
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipeline.assets.modes import MODE_TAG
from pipeline.dataset.curated import Curated, curated_path, require_curated
from pipeline.dataset.soundness import accept
from pipeline.evaluation_files import evaluation_path
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.recommenders.registry import PUBLISHED
from serving.feedback.store import FeedbackStore
from tests.pipeline.assets.fake_crawl import ITEMS, USERS, handle, likes_of

N_LIKES = sum(len(likes_of(user)) for user in range(USERS))


def test_refresh_publishes_a_snapshot(refreshed):
    assert refreshed.passed
    pointer = read_pointer(refreshed.bench.data, "sketchfab")
    assert pointer.snapshot_id == refreshed.metadata("snapshot")["snapshot_id"]


def test_counts_are_those_of_the_world(refreshed):
    likes = refreshed.metadata("likes")
    assert (likes["dagster/row_count"], likes["users"]) == (N_LIKES, USERS)
    assert refreshed.metadata("items")["dagster/row_count"] == ITEMS
    snapshot = refreshed.metadata("snapshot")
    assert (snapshot["likes"], snapshot["users"], snapshot["items"]) == (N_LIKES, USERS, ITEMS)


def test_crawl_metadata_comes_from_the_child_and_the_manifest(refreshed):
    crawl = refreshed.metadata("raw_likes")
    assert (crawl["requests"], crawl["retries"]) == (N_LIKES, 2)
    assert (crawl["dagster/row_count"], crawl["status"]) == (N_LIKES, "complete")
    assert (crawl["mode"], crawl["units_done"], crawl["units_partial"]) == ("full", ITEMS - 1, 1)
    assert crawl["not_done"].splitlines()[2:] == [
        "| item&#95;likes | item-7 | partial | robots.txt forbids &#124; it |"
    ]


def test_evaluation_is_shown_as_a_table_and_as_numbers_to_plot(refreshed):
    shown = refreshed.metadata("evaluation")
    assert "| NDCG@10 |" in shown["evaluation"]
    assert 0 < shown["ndcg_at_10_lightfm_cf"] <= 1


def test_sample_recommendations_cannot_break_their_table(refreshed):
    sample = refreshed.metadata("top_k")["sample_recommendations"]
    assert "Item &#124; " in sample
    assert "<b>" not in sample
    assert {line.count("|") for line in sample.splitlines()} == {len(PUBLISHED) + 2}


def test_popularity_curve_is_a_picture(refreshed):
    curve = refreshed.metadata("interactions")["popularity"]
    assert curve.startswith("![Popularity curve](data:image/png;base64,iVBOR")


def test_every_check_passes(refreshed):
    checks = [
        event.event_specific_data
        for event in refreshed.events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert len(checks) == 13
    assert [check.check_name for check in checks if not check.passed] == []


def test_raw_likes_past_their_time_leave_with_the_run(workbench, monkeypatch):
    monkeypatch.setenv("LIKEWISE_RAW_RETENTION_DAYS", "0")
    assets = ("raw_catalogue", "raw_likes", "raw_features", "likes", "items", "raw_retention")
    assert workbench.refresh(*assets).success
    assert not list(workbench.data.glob("raw/*/likes/*/*.parquet"))
    assert list(workbench.data.glob("raw/*/items/*/*.parquet"))
    assert len(require_curated(workbench.data, "sketchfab", Curated.LIKES)) == N_LIKES


def test_partial_crawl_is_taken_with_a_warning(workbench, monkeypatch):
    monkeypatch.setenv("FAKE_CRAWL", "3")
    result = workbench.refresh("raw_catalogue", "raw_likes", "likes")
    assert result.success
    (complete,) = [
        check
        for check in result.get_asset_check_evaluations()
        if check.asset_check_key.to_user_string() == "sketchfab/raw_likes:crawl_is_complete"
    ]
    assert not complete.passed
    assert len(require_curated(workbench.data, "sketchfab", Curated.LIKES)) == N_LIKES


def test_failed_crawl_is_tried_again_and_stops_what_comes_after(workbench, monkeypatch):
    monkeypatch.setenv("FAKE_CRAWL", "1")
    result = workbench.refresh("raw_catalogue", "raw_likes", "likes")
    assert not result.success
    kinds = [event.event_type for event in result.events_for_node("sketchfab__raw_catalogue")]
    assert kinds.count(dg.DagsterEventType.STEP_UP_FOR_RETRY) == 2
    assert not curated_path(workbench.data, "sketchfab", Curated.LIKES).exists()


def test_blocking_check_stops_what_would_build_on_no_likes(workbench, monkeypatch):
    assert workbench.refresh("raw_catalogue").success
    monkeypatch.setenv("FAKE_CRAWL_LIKES", "none")
    result = workbench.refresh("raw_likes", "likes")
    assert not result.success
    assert not curated_path(workbench.data, "sketchfab", Curated.LIKES).exists()


def test_crawl_that_lands_nothing_fails_with_the_reason(workbench, monkeypatch):
    assert workbench.refresh("raw_catalogue").success
    monkeypatch.setenv("FAKE_CRAWL", "3")
    monkeypatch.setenv("FAKE_CRAWL_LIKES", "unread")
    result = workbench.refresh("raw_likes", "likes")
    assert not result.success
    kinds = [event.event_type for event in result.events_for_node("sketchfab__raw_likes")]
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in kinds
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.error.message
    assert f"nothing was landed: robots.txt forbids | it ({ITEMS} units)" in told


def test_drift_stops_the_run_before_likes_and_shows_what_was_found(workbench, monkeypatch):
    assets = ("raw_catalogue", "raw_likes", "raw_features", "likes", "items")
    assert workbench.refresh(*assets).success
    before = curated_path(workbench.data, "sketchfab", Curated.LIKES).read_bytes()
    monkeypatch.setenv("FAKE_CRAWL_TAGS", "none")
    result = workbench.refresh(*assets)
    assert not result.success
    (drift,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert drift.asset_check_key.to_user_string() == "sketchfab/raw_features:has_not_drifted"
    assert drift.severity is dg.AssetCheckSeverity.ERROR
    shown = {name: value.value for name, value in drift.metadata.items()}
    assert "| tags | share of rows with a value | 0.000 | 1.000 |" in shown["findings"]
    assert "item-0" in shown["samples"]
    assert curated_path(workbench.data, "sketchfab", Curated.LIKES).read_bytes() == before
    run = shown["accept_with"].rpartition(" ")[2]
    accept(workbench.data, "sketchfab", run)
    assert workbench.refresh("likes", "items").success


@pytest.mark.parametrize("asset", ["likes", "items"])
def test_drift_cannot_be_gone_round_by_a_step_of_its_own(workbench, monkeypatch, asset):
    assert workbench.refresh("raw_catalogue", "raw_likes", "raw_features", "likes", "items").success
    monkeypatch.setenv("FAKE_CRAWL_TAGS", "none")
    assert not workbench.refresh("raw_features").success
    result = workbench.refresh(asset)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "DriftError" in failure.step_failure_data.error.to_string()


def test_daily_run_takes_what_is_new_and_passes_every_check(workbench):
    assets = ("raw_catalogue", "raw_likes", "raw_features", "likes", "items")
    assert workbench.refresh(*assets).success
    result = workbench.refresh(*assets, tags={MODE_TAG: "incremental"})
    assert result.success
    assert [c.check_name for c in result.get_asset_check_evaluations() if not c.passed] == []
    modes = {
        event.step_key: event.step_materialization_data.materialization.metadata["mode"].value
        for event in result.get_asset_materialization_events()
        if event.step_key.startswith("sketchfab__raw_")
    }
    assert set(modes.values()) == {"incremental"}
    assert len(require_curated(workbench.data, "sketchfab", Curated.LIKES)) == N_LIKES


def test_mode_that_there_is_not_fails_the_crawl(workbench):
    result = workbench.refresh("raw_catalogue", tags={MODE_TAG: "half"})
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "is 'half', must be full or incremental" in failure.step_failure_data.error.message


def test_step_that_fails_leaves_what_was_published(refreshed, workbench):
    shutil.copytree(
        refreshed.bench.data,
        workbench.data,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("dagster"),
    )
    before = read_pointer(workbench.data, "sketchfab")
    evaluation_path(workbench.data, "sketchfab").write_bytes(b"damaged")
    result = workbench.refresh("snapshot")
    assert not result.success
    assert read_pointer(workbench.data, "sketchfab") == before
    assert len(list(workbench.data.glob("snapshots/sketchfab/*.duckdb"))) == 1


def test_snapshot_is_published_anew_from_the_same_models(refreshed, workbench):
    shutil.copytree(
        refreshed.bench.data,
        workbench.data,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("dagster"),
    )
    before = read_pointer(workbench.data, "sketchfab")
    assert workbench.refresh("snapshot").success
    assert read_pointer(workbench.data, "sketchfab").snapshot_id > before.snapshot_id


def test_item_that_goes_leaves_the_next_snapshot_with_its_likes(refreshed, workbench, monkeypatch):
    shutil.copytree(
        refreshed.bench.data,
        workbench.data,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("dagster"),
    )
    monkeypatch.setenv("FAKE_CRAWL_GONE", "item-2")
    assert workbench.refresh("raw_features", "items", "snapshot").success, "no model is fitted"
    path = snapshot_path(
        workbench.data, "sketchfab", read_pointer(workbench.data, "sketchfab").snapshot_id
    )
    with duckdb.connect(path, read_only=True) as connection:
        items = {row[0] for row in connection.sql("SELECT item_id FROM items").fetchall()}
        ((likes,),) = connection.sql("SELECT n_likes FROM snapshot_info").fetchall()
    assert items == {f"item-{item}" for item in range(ITEMS)} - {"item-2"}
    assert likes == N_LIKES - sum(2 in likes_of(user) for user in range(USERS))
    assert workbench.refresh("interactions", "item_features", "split").success
    learned = require_curated(workbench.data, "sketchfab", Curated.INTERACTIONS)
    assert len(learned) == likes


def test_visitors_are_learned_from_once_their_likes_weigh_something(
    refreshed, workbench, monkeypatch
):
    shutil.copytree(
        refreshed.bench.data,
        workbench.data,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("dagster"),
    )
    store = FeedbackStore(workbench.data)
    likes = [
        (f"{n}-{item}", f"item-{item}", "like", None, f"{'v' * 16}-{n}", "s", 60, None)
        for n in range(3)
        for item in range(n, n + 3)
    ]
    for like in likes:
        asyncio.run(store.write("sketchfab", [like]))
    before = require_curated(workbench.data, "sketchfab", Curated.INTERACTIONS)
    assert workbench.refresh("visitor_likes", "interactions").success
    path = curated_path(workbench.data, "sketchfab", Curated.INTERACTIONS)
    assert require_curated(workbench.data, "sketchfab", Curated.INTERACTIONS).equals(before)
    assert (
        path.read_bytes()
        == curated_path(refreshed.bench.data, "sketchfab", Curated.INTERACTIONS).read_bytes()
    )
    monkeypatch.setenv("LIKEWISE_FEEDBACK_WEIGHT", "0.5")
    models = [model.name for model in PUBLISHED]
    learning = ("interactions", "split", "parameters", "evaluation", *models, "top_k", "snapshot")
    assert workbench.refresh(*learning).success
    learned = require_curated(workbench.data, "sketchfab", Curated.INTERACTIONS)
    ours = learned.join(before, on=["user_id", "item_id"], how="anti")
    assert len(ours) == len(likes)
    assert set(ours["weight"]) == {0.5}
    snapshot = snapshot_path(
        workbench.data, "sketchfab", read_pointer(workbench.data, "sketchfab").snapshot_id
    )
    with duckdb.connect(snapshot, read_only=True) as connection:
        shown = {user for (user,) in connection.sql("SELECT user_id FROM user_lists").fetchall()}
        ((count,),) = connection.sql("SELECT n_likes FROM snapshot_info").fetchall()
    assert shown == set(before["user_id"])
    assert count == N_LIKES


def test_refresh_tells_of_each_asset_and_check(refreshed):
    begun, *told = refreshed.told
    assert begun["crawl_run"] in {path.name for path in refreshed.bench.data.glob("raw/*/likes/*")}
    ended = {step["asset"]: step for step in told if "asset" in step}
    assert len(ended) == 14 + len(PUBLISHED)
    assert ended["likes"]["rows"] == N_LIKES
    assert "rows" not in ended["snapshot"]
    assert all(step["passed"] and step["seconds"] >= 0 for step in ended.values())
    checks = {step["check"]: step["passed"] for step in told if "check" in step}
    assert checks["likes: likes_are_sound"]
    assert len(checks) == 13


def assert_no_handle_in(home: Path) -> None:
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    written = b"".join(path.read_bytes() for path in files)
    for user in range(USERS):
        assert handle(user).encode() not in written
        assert json.dumps(handle(user))[1:-1].encode() not in written


def test_no_handle_is_in_the_storage_of_dagster(refreshed):
    assert_no_handle_in(refreshed.bench.data / "dagster")


def test_drift_of_likes_shows_no_handle(workbench, monkeypatch):
    assets = ("raw_catalogue", "raw_likes", "raw_features", "likes")
    assert workbench.refresh(*assets).success
    monkeypatch.setenv("FAKE_CRAWL_LIKES", "timeless")
    result = workbench.refresh(*assets)
    (drift,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert drift.asset_check_key.to_user_string() == "sketchfab/raw_likes:has_not_drifted"
    assert "| item-" in drift.metadata["samples"].value
    assert not workbench.refresh("likes").success, "the error shows samples too"
    assert_no_handle_in(workbench.data / "dagster")


@pytest.mark.parametrize("name", ["dagster.yaml", "workspace.yaml"])
def test_root_has_the_instance_and_the_code_location(name):
    assert (Path(__file__).parent.parent.parent.parent / name).exists()


def test_likes_of_the_curated_zone_hold_no_handle(refreshed):
    path = curated_path(refreshed.bench.data, "sketchfab", Curated.LIKES)
    assert set(pl.read_parquet(path).columns) == {
        "user_id", "item_id", "liked_at", "first_seen_at", "last_seen_at", "gone_at", "key_id"
    }  # fmt: skip
