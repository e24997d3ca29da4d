"""The judges of the tortures can find fault: each has a twin that must fail."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.torture.crawling import Ended
from tests.torture.lines import CATALOGUE, FEATURES, ITEM_LIKES
from tests.torture.verdicts import Truth, judge
from tests.torture.worlds import World

WORLD = World(Path(), {"a": "Name of a", "b": "Name of b"}, frozenset({("u", "a"), ("v", "b")}))
TRUTH = Truth(WORLD.likes, frozenset({("w", "b")}))
PAIRS = ["user_handle", "item_id"]
GOOD = [("u", "a"), ("v", "b")]


def land(data, rows, table="likes", *, units=(), status="complete", schema=PAIRS):
    folder = data / "raw" / "sketchfab" / table / "r"
    folder.mkdir(parents=True)
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame.with_columns(crawled_at=pl.lit("now")).write_parquet(folder / "part-00000.parquet")
    part = {"name": "part-00000.parquet", "rows": len(rows), "units": list(units)}
    manifest = {"status": status, "parts": [part], "counts": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def verdict(data, line=ITEM_LIKES, code=0, truth=TRUTH):
    return judge(line, data, Ended(code, "", 0.0), truth, WORLD)


def unit(key, state, why=None):
    return ["item_likes", key, state, 0, 1, False, "", why]


def test_what_must_be_and_what_may_be_is_whole(tmp_path):
    land(tmp_path, [*GOOD, ("w", "b")])
    assert verdict(tmp_path).is_whole


@pytest.mark.parametrize(
    ("rows", "flaw"),
    [(GOOD[:1], "lost"), ([*GOOD, GOOD[0]], "repeated"), ([*GOOD, ("x", "a")], "invented")],
)
def test_a_flaw_is_counted(tmp_path, rows, flaw):
    land(tmp_path, rows)
    found = verdict(tmp_path)
    assert getattr(found, flaw) == 1
    assert not found.is_whole
    assert not found.is_honest


def test_what_is_lost_must_be_of_a_unit_that_is_named(tmp_path):
    land(tmp_path / "named", GOOD[:1], units=[unit("b", "partial", "why")], status="partial")
    land(tmp_path / "other", GOOD[:1], units=[unit("a", "partial", "why")], status="partial")
    assert verdict(tmp_path / "named", code=3).is_honest
    assert not verdict(tmp_path / "other", code=3).is_honest
    assert not verdict(tmp_path / "named", code=0).is_honest


def test_the_last_end_of_a_unit_counts(tmp_path):
    units = [unit("b", "partial", "why"), unit("b", "done")]
    land(tmp_path, GOOD[:1], units=units, status="partial")
    assert verdict(tmp_path, code=3).unnamed == 1


def test_title_of_another_item_is_wrong(tmp_path):
    truth = Truth(WORLD.items, frozenset())
    for line in (CATALOGUE, FEATURES):
        rows = [("a", "Name of a"), ("b", "Name of \xc3\xa9")]
        land(tmp_path, rows, line.table, schema=["item_id", "title"])
        found = verdict(tmp_path, line, truth=truth)
        assert (found.wrong, found.lost, found.is_whole) == (1, 0, False)


def test_part_that_no_manifest_lists_is_not_read(tmp_path):
    land(tmp_path, GOOD)
    folder = tmp_path / "raw" / "sketchfab" / "likes" / "r"
    (folder / "part-00001.parquet").write_bytes((folder / "part-00000.parquet").read_bytes())
    assert verdict(tmp_path).is_whole
