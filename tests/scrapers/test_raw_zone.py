from datetime import UTC, datetime

from scrapers.counts import Count
from scrapers.parts import TableWriter
from scrapers.raw_zone import (
    ItemUnit,
    catalogue_folder,
    known_handles,
    landed_item_ids,
    landed_likes_of_items,
    landed_pairs,
    read_items,
)
from scrapers.records import RawTable, RunStatus

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def items(*rows):
    ids, counts, texts = zip(*rows, strict=True)
    n = len(rows)
    return {
        "item_id": list(ids), "title": [None] * n, "like_count": list(counts),
        "like_count_text": list(texts), "url": [None] * n, "crawled_at": [NOW] * n,
    }  # fmt: skip


def likes(*handles):
    n = len(handles)
    return {
        "user_handle": list(handles), "item_id": ["a"] * n, "liked_at": [None] * n,
        "crawled_at": [NOW] * n,
    }  # fmt: skip


def test_items_come_in_order_each_once_with_what_was_announced(tmp_path):
    writer = TableWriter(tmp_path, "demo", RawTable.ITEMS, "r1")
    writer.land(items(("a", 9, None), ("b", None, "1.2k"), ("a", 1, None)))
    writer.land(items(("c", None, "many"), ("d", None, None), ("b", 3, None)))
    assert read_items(writer.folder) == [
        ItemUnit("a", Count(9, 9)), ItemUnit("b", Count(1200, 1299)), ItemUnit("c", None),
        ItemUnit("d", None),
    ]  # fmt: skip


def test_catalogue_without_parts_is_empty(tmp_path):
    assert read_items(TableWriter(tmp_path, "demo", RawTable.ITEMS, "r1").folder) == []


def test_handles_of_all_runs_are_known(tmp_path):
    assert known_handles(tmp_path, "demo") == []
    TableWriter(tmp_path, "demo", RawTable.LIKES, "r1").land(likes("u2", "u1"))
    TableWriter(tmp_path, "demo", RawTable.LIKES, "r2").land(likes("u1", "u3"))
    TableWriter(tmp_path, "other", RawTable.LIKES, "r2").land(likes("u9"))
    assert known_handles(tmp_path, "demo") == ["u1", "u2", "u3"]


def test_what_a_run_has_landed_is_known_by_its_keys(tmp_path):
    items_of = TableWriter(tmp_path, "demo", RawTable.ITEMS, "r1")
    likes_of = TableWriter(tmp_path, "demo", RawTable.LIKES, "r1")
    assert landed_item_ids(items_of.folder) == []
    assert landed_pairs(likes_of.folder) == frozenset()
    items_of.land(items(("a", 9, None), ("b", 9, None)))
    items_of.land(items(("b", 9, None)))
    likes_of.land(likes("u1", "u2"))
    likes_of.land(likes("u3"))
    assert sorted(landed_item_ids(items_of.folder)) == ["a", "b"]
    assert landed_pairs(items_of.folder) == {("a",), ("b",)}
    assert landed_pairs(likes_of.folder) == {("u1", "a"), ("u2", "a"), ("u3", "a")}


def test_part_that_is_not_listed_is_not_known(tmp_path):
    writer = TableWriter(tmp_path, "demo", RawTable.LIKES, "r1")
    part = writer.land(likes("u1"))
    stray = TableWriter(tmp_path, "demo", RawTable.LIKES, "r2")
    (stray.folder / part.name).write_bytes((writer.folder / part.name).read_bytes())
    assert landed_pairs(stray.folder) == frozenset()
    assert landed_pairs(writer.folder) == {("u1", "a")}


def test_likes_of_an_item_are_those_of_all_processes_of_the_crawl(tmp_path):
    for run_id, crawl_id, handles in (
        ("r1.1-of-2", "r1", ["u1", "u2"]), ("r1.2-of-2", "r1", ["u2", "u3"]), ("r2", "r2", ["u9"]),
    ):  # fmt: skip
        writer = TableWriter(tmp_path, "demo", RawTable.LIKES, run_id, crawl_id=crawl_id)
        writer.land(likes(*handles))
    assert landed_likes_of_items(tmp_path, "demo", "r1") == {"a": 3}
    assert landed_likes_of_items(tmp_path, "demo", "r3") == {}


def test_catalogue_of_the_run_itself_comes_before_the_newest_complete_one(tmp_path):
    assert catalogue_folder(tmp_path, "demo", "r9") is None
    for run_id, status in (("r1", RunStatus.COMPLETE), ("r2", RunStatus.PARTIAL)):
        TableWriter(tmp_path, "demo", RawTable.ITEMS, run_id).finish(status, {})
    assert catalogue_folder(tmp_path, "demo", "r9").name == "r1"
    assert catalogue_folder(tmp_path, "demo", "r2").name == "r2"
