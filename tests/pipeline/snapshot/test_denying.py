import dataclasses
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dataset.presence import Presence
from pipeline.deny import DenyList, DenyListError, deny_list_path
from pipeline.errors import SnapshotError
from pipeline.pointer import read_pointer
from pipeline.snapshot import build, building, verify
from pipeline.snapshot.denying import without_denied
from tests.factories import MODELS, NOW, SITE, SmallSite, build_small_snapshot, publish_small_site

DENIED = DenyList(frozenset({"item-002"}), frozenset({"artist 3"}), frozenset({"Castle"}))
GROUPS = ("tags", "categories", "creators")


def deny(data, text):
    path = deny_list_path(data, SITE)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def denied_ids(denied=DENIED):
    items = SmallSite().items.select("item_id", "creator", "tags")
    return {row[0] for row in items.iter_rows() if denied.denies(*row)}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    deny(data, 'items = ["item-002"]\ncreators = ["artist 3"]\ntags = ["Castle"]')
    return build_small_snapshot(data)


def test_what_is_denied_is_in_no_table(built):
    out = denied_ids()
    assert 10 < len(out) < 30
    with duckdb.connect(built.path, read_only=True) as opened:
        ids = dict(opened.sql("SELECT item_idx, item_id FROM items").fetchall())
        held = {
            table: {
                ids[idx]
                for (idx,) in opened.sql(f"SELECT unnest({column}) FROM {table}").fetchall()
            }
            for table, column in [
                *((group, "item_idxs") for group in GROUPS),
                ("user_items", "item_idxs"),
                ("user_lists", "item_idxs"),
                ("item_lists", "item_idxs"),
                ("item_weights", "item_idxs"),
                ("item_factors", "[item_idx]"),
            ]
        }
        slugs = {slug for (slug,) in opened.sql("SELECT slug FROM tags").fetchall()}
        creators = {slug for (slug,) in opened.sql("SELECT slug FROM creators").fetchall()}
    assert set(ids.values()) == set(SmallSite().item_ids) - out
    for table, items in held.items():
        assert items, table
        assert not items & out
    assert "castle" not in slugs
    assert "artist-3" not in creators


def test_what_is_left_is_what_it_was_without_them(built, tmp_path):
    whole = build_small_snapshot(tmp_path)
    out = denied_ids()
    sql = """SELECT user_id, model, list((item_id, score) ORDER BY rank)
             FROM recommendations GROUP BY ALL"""
    with duckdb.connect(whole.path, read_only=True) as opened:
        before = {row[:2]: row[2] for row in opened.sql(sql).fetchall()}
        evaluation = opened.sql("FROM evaluation").pl()
    with duckdb.connect(built.path, read_only=True) as opened:
        after = {row[:2]: row[2] for row in opened.sql(sql).fetchall()}
        assert opened.sql("FROM evaluation").pl().equals(evaluation)
    assert {model for _, model in after} == set(MODELS)
    for key, listed in after.items():
        assert listed == [pair for pair in before[key] if pair[0] not in out]


def test_a_file_that_holds_denied_items_would_be_found(built, tmp_path):
    assert verify(built.path, snapshot_id=built.snapshot_id, denied=DENIED) == []
    whole = build_small_snapshot(tmp_path)
    faults = verify(whole.path, snapshot_id=whole.snapshot_id, denied=DENIED)
    assert faults == [f"{len(denied_ids())} items that the operator denies"]


def test_a_build_that_forgot_to_leave_them_out_is_dropped(tmp_path, monkeypatch):
    before = publish_small_site(tmp_path)
    deny(tmp_path, 'items = ["item-002"]')
    monkeypatch.setattr(building, "without_denied", lambda present, _: present)
    with pytest.raises(SnapshotError, match="1 items that the operator denies"):
        build_small_snapshot(tmp_path, seed=1)
    assert read_pointer(tmp_path, SITE).snapshot_id == before.snapshot_id


def test_a_list_that_is_not_understood_stops_the_build(tmp_path):
    before = publish_small_site(tmp_path)
    deny(tmp_path, 'item = ["item-002"]')
    with pytest.raises(DenyListError, match="'item' is unknown"):
        build_small_snapshot(tmp_path, seed=1)
    assert read_pointer(tmp_path, SITE).snapshot_id == before.snapshot_id


def test_what_is_denied_no_longer_comes_back_with_the_next_build(tmp_path):
    deny(tmp_path, 'items = ["item-002"]')
    first = build_small_snapshot(tmp_path)
    deny_list_path(tmp_path, SITE).unlink()
    second = build_small_snapshot(tmp_path, now=NOW + timedelta(days=1))
    assert second.n_items == first.n_items + 1


def test_an_item_that_is_known_by_likes_alone_is_denied_by_its_id(tmp_path):
    contents = SmallSite().contents()
    items = contents.items.filter(pl.col("item_id") != "item-002")
    contents = dataclasses.replace(contents, items=items)
    deny(tmp_path, 'items = ["item-002", "never-seen"]')
    built = build(tmp_path, SITE, contents, now=NOW)
    with duckdb.connect(built.path, read_only=True) as opened:
        ids = {item_id for (item_id,) in opened.sql("SELECT item_id FROM items").fetchall()}
    assert ids == set(SmallSite().item_ids) - {"item-002"}


def test_denying_everything_leaves_nothing_to_build(tmp_path):
    ids = ", ".join(f'"{item_id}"' for item_id in SmallSite().item_ids)
    deny(tmp_path, f"items = [{ids}]")
    with pytest.raises(SnapshotError, match="likes there must be"):
        build_small_snapshot(tmp_path)


SOME = SmallSite()
PRESENT = Presence.of(SOME.likes, SOME.items)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.frozensets(st.sampled_from([*SOME.item_ids, "never-seen"])),
    st.frozensets(st.sampled_from(["Artist 1", "ARTIST  5", "nobody"])),
    st.frozensets(st.sampled_from(["cat", "Boat", "nothing"])),
)
def test_tables_are_parted_by_the_list_and_nothing_is_lost(items, creators, tags):
    denied = DenyList(items, creators, tags)
    left = without_denied(PRESENT, denied)
    out = denied_ids(denied)
    assert set(left.gone_items["item_id"]) == out
    assert set(left.items["item_id"]) == set(SOME.item_ids) - out
    assert left.likes.filter(pl.col("item_id").is_in(sorted(out))).is_empty()
    assert len(left.likes) + len(left.gone_likes) == len(SOME.likes)
    assert np.isin(left.gone_likes["item_id"].to_numpy(), sorted(out)).all()
