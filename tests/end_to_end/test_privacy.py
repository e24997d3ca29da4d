"""Past anonymizing nobody's handle is left, in any file and any usual encoding."""

import base64
import json
import shutil
import sqlite3
from contextlib import closing
from urllib.parse import quote

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.end_to_end.searching import contents, found, needles
from tests.end_to_end.world import HANDLES

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]
PERSONAL = ("raw", "keys")
SOME = HANDLES[::9]


def test_handles_are_nowhere_past_the_raw_zone(demo):
    files = [path for path in demo.data.rglob("*") if path.is_file()]
    assert {".parquet", ".npz", ".duckdb", ".db", ".json", ".log", ".err"} <= {
        path.suffix for path in files if path.relative_to(demo.data).parts[0] not in PERSONAL
    }
    assert found(demo.data, SOME, beside=PERSONAL) == set()


def test_raw_zone_does_hold_them(demo):
    assert any(hit.endswith(": utf-8") for hit in found(demo.data, SOME, beside=("keys",)))


def _plant_parquet(path, handle):
    frame = pl.DataFrame({"deep": [[{"who": handle}]]})
    frame.write_parquet(path, compression="zstd")


def _plant_npz(path, handle):
    np.savez_compressed(path, ids=np.asarray(["someone", handle]))


def _plant_duckdb(path, handle):
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS i, 'x' AS who FROM range(5000)")
        connection.execute("INSERT INTO t VALUES (1, ?)", [handle])


def _plant_sqlite(path, handle):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (who TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", [json.dumps({"who": handle})])
        connection.commit()


def _plant_base64(path, handle):
    path.write_bytes(b"log: " + base64.b64encode(f"user {handle} came".encode()))


def _plant_url(path, handle):
    path.write_text(f"GET /v3/users/{quote(handle, safe='')}/likes")


def _plant_utf16(path, handle):
    path.write_text(f"user {handle}", encoding="utf-16")


def _plant_hash(path, handle):
    path.write_bytes(needles(handle)["sha256"])


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("likes.parquet", _plant_parquet),
        ("model.npz", _plant_npz),
        ("snapshot.duckdb", _plant_duckdb),
        ("runs.db", _plant_sqlite),
        ("crawl.log", _plant_base64),
        ("api.log", _plant_url),
        ("other.log", _plant_utf16),
        ("summary.json", _plant_hash),
    ],
)
def test_same_search_finds_a_planted_handle(tmp_path, name, plant):
    plant(tmp_path / name, SOME[3])
    assert found(tmp_path, SOME)
    assert not found(tmp_path, ["Nobody~Planted+ë"])


def test_search_decodes_what_compression_hides(tmp_path):
    _plant_parquet(tmp_path / "a.parquet", "ë" * 400)
    raw, *decoded = contents(tmp_path / "a.parquet")
    assert needles("ë" * 400)["utf-8"] not in raw.lower()
    assert any(needles("ë" * 400)["utf-8"] in content.lower() for content in decoded)


def test_twin_of_the_whole_folder_is_caught(demo, tmp_path):
    twin = tmp_path / "data"
    shutil.copytree(demo.data, twin, ignore=shutil.ignore_patterns("raw", "keys", "snapshots"))
    (likes,) = twin.glob("curated/*/likes.parquet")
    frame = pl.read_parquet(likes)
    frame[0, "user_id"] = SOME[0]
    likes.chmod(0o644)
    frame.write_parquet(likes)
    hits = found(twin, SOME)
    assert hits
    assert all(hit.startswith(str(likes.relative_to(twin))) for hit in hits)
