from datetime import UTC, datetime

from scrapers.counts import Count
from scrapers.parts import TableWriter
from scrapers.raw_zone import ItemUnit, known_handles, read_items
from scrapers.records import RawTable

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
