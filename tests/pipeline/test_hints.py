"""Hints are few, said once, and forgotten when they were followed."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.hints import MOST_HINTS, add_hint, drop_hints, hints_path, read_hints

SITE = "sketchfab"


def test_hints_are_kept_in_order_and_once(tmp_path):
    for item_id in ("b", "a", "b", "ü/..", "a\nb"):
        add_hint(tmp_path, SITE, item_id)
    assert read_hints(tmp_path, SITE) == ["b", "a", "ü/..", "a\nb"]
    assert read_hints(tmp_path, "other") == []
    assert stat.S_IMODE(hints_path(tmp_path, SITE).stat().st_mode) == 0o600


def test_there_are_never_more_than_so_many(tmp_path):
    hints_path(tmp_path, SITE).parent.mkdir()
    hints_path(tmp_path, SITE).write_text(json.dumps([f"i{n}" for n in range(MOST_HINTS)]))
    add_hint(tmp_path, SITE, "one more")
    add_hint(tmp_path, SITE, "x" * 501)
    assert len(read_hints(tmp_path, SITE)) == MOST_HINTS
    drop_hints(tmp_path, SITE, ["i0", "i1"])
    add_hint(tmp_path, SITE, "one more")
    assert read_hints(tmp_path, SITE)[-2:] == [f"i{MOST_HINTS - 1}", "one more"]


def test_those_that_came_meanwhile_are_kept(tmp_path):
    for item_id in ("a", "b"):
        add_hint(tmp_path, SITE, item_id)
    followed = read_hints(tmp_path, SITE)
    add_hint(tmp_path, SITE, "c")
    drop_hints(tmp_path, SITE, followed)
    assert read_hints(tmp_path, SITE) == ["c"]


def test_nothing_is_made_where_there_is_nothing_to_forget(tmp_path):
    drop_hints(tmp_path, SITE, ["a"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"3", b"\xff", b"[1, null]"])
def test_a_damaged_file_hints_at_nothing(tmp_path, content):
    hints_path(tmp_path, SITE).parent.mkdir()
    hints_path(tmp_path, SITE).write_bytes(content)
    assert read_hints(tmp_path, SITE) == []
    add_hint(tmp_path, SITE, "a")
    assert read_hints(tmp_path, SITE) == ["a"]


def test_hints_that_come_at_once_are_all_kept(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add_hint(tmp_path, SITE, f"i{n}"), range(60)))
    assert sorted(read_hints(tmp_path, SITE)) == sorted(f"i{n}" for n in range(60))
