"""From a stand-in site, by way of Chromium, to an answer of the API."""

import duckdb
import httpx
import polars as pl
import pytest

from pipeline.demo.serving import start_api
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.processes import Children, free_port
from tests.end_to_end.conftest import running
from tests.end_to_end.world import COLD, ITEMS, N_LIKES, USERS

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]
SITE = "sketchfab"


def test_every_like_of_the_world_is_landed_once(demo):
    summary = demo.summary
    assert summary["likes"] == summary["likes_crawled"] == N_LIKES
    assert (summary["users"], summary["items"]) == (USERS, ITEMS)
    assert summary["liked_items"] == ITEMS - COLD


def test_catalogue_was_read_through_the_browser(demo):
    log = (demo.data / "logs" / "refresh.log").read_text()
    assert "Browser chromium launched" in log


def test_summary_tells_steps_evaluation_and_snapshot(demo):
    summary = demo.summary
    assert {"raw_likes", "likes", "lightfm_cf", "top_k", "snapshot"} <= set(summary["step_s"])
    judged = {(row["model"], row["metric"], row["k"]) for row in summary["evaluation"]}
    assert ("lightfm_hybrid", "NDCG", 10) in judged
    assert summary["snapshot_id"] == read_pointer(demo.data, SITE).snapshot_id
    assert "NDCG@10" in demo.output


def test_raw_zone_is_closed_to_others(demo):
    assert (demo.data / "raw").stat().st_mode & 0o777 == 0o700


def test_every_user_has_a_list_without_what_they_like(demo):
    pointer = read_pointer(demo.data, SITE)
    with duckdb.connect(
        snapshot_path(demo.data, SITE, pointer.snapshot_id), read_only=True
    ) as connection:
        lists = connection.sql("SELECT user_id, model, item_idxs FROM user_lists").pl()
        liked = connection.sql("SELECT user_id, item_idxs AS liked FROM user_items").pl()
    assert lists["user_id"].n_unique() == USERS
    overlap = lists.join(liked, on="user_id").select(
        pl.col("item_idxs").list.set_intersection("liked").list.len().sum()
    )
    assert overlap.item() == 0


def test_cold_items_are_recommended_by_models_that_can(demo):
    pointer = read_pointer(demo.data, SITE)
    with duckdb.connect(
        snapshot_path(demo.data, SITE, pointer.snapshot_id), read_only=True
    ) as connection:
        models = connection.sql(
            "SELECT DISTINCT model FROM (SELECT model, unnest(item_idxs) AS item_idx "
            "FROM user_lists) JOIN items USING (item_idx) WHERE like_count = 0"
        ).fetchall()
    assert ("tag_profile",) in models
    assert ("popular",) not in models


def test_every_sample_link_answers_on_the_port_that_is_set(demo, monkeypatch):
    port = free_port(20_000)
    monkeypatch.setenv("LIKEWISE_PORT", str(port))
    with Children() as children:
        _, api, links = start_api(children, demo.data, "http://127.0.0.1:3000/")
        answers = {link: httpx.get(link, timeout=60) for link in links}
        unknown = httpx.get(f"{api}/v1/{SITE}/items/item-99", timeout=60)
    assert api == f"http://127.0.0.1:{port}"
    assert [answer.status_code for answer in answers.values()] == [200] * 3
    (recommended,) = [answer for link, answer in answers.items() if "recommend" in link]
    assert recommended.json()["items"]
    assert unknown.status_code == 404


def test_nothing_is_left_running(demo):
    assert running(demo.summary["crawl_run"]) == []
    assert running(str(demo.data.parent / "tiny")) == []
