import stat
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from scrapers import files
from scrapers.parts import TableWriter
from scrapers.records import (
    LandedUnit,
    Mode,
    RawTable,
    RunStatus,
    UnitKind,
    UnitState,
    listed_parts,
    read_manifest,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class KilledError(Exception):
    """Stands for the instant at which a process dies."""


def likes(*handles):
    n = len(handles)
    return {
        "user_handle": list(handles),
        "item_id": ["m1"] * n,
        "liked_at": [None] * n,
        "crawled_at": [NOW] * n,
    }


@pytest.fixture
def writer(tmp_path):
    return TableWriter(tmp_path, "demo", RawTable.LIKES, "r1")


def read(folder):
    parts = listed_parts(folder)
    return [h for part in parts for h in pl.read_parquet(part)["user_handle"]]


def test_rows_come_back_from_listed_parts_in_order(writer):
    writer.land(likes("u1", "u2"))
    writer.land(likes("u3"))
    writer.finish(RunStatus.COMPLETE, {"units": 1})
    manifest = read_manifest(writer.folder)
    assert read(writer.folder) == ["u1", "u2", "u3"]
    assert (manifest.rows, manifest.status) == (3, RunStatus.COMPLETE)
    assert manifest.counts == {"units": 1}
    assert manifest.finished_at >= manifest.started_at


def test_raw_zone_is_its_owners_alone(writer, tmp_path):
    part = writer.land(likes("u1"))
    assert stat.S_IMODE((tmp_path / "raw").stat().st_mode) == 0o700
    assert stat.S_IMODE((writer.folder / part.name).stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["write", "sync", "rename"])
@pytest.mark.parametrize("what", ["part", "manifest"])
def test_death_at_any_step_leaves_whole_listed_parts(writer, monkeypatch, step, what):
    writer.land(likes("u1"))
    name = "part-00001.parquet" if what == "part" else "manifest.json"
    die_at(monkeypatch, step, name)
    with pytest.raises(KilledError):
        writer.land(likes("u2"))
    monkeypatch.undo()
    assert read(writer.folder) == ["u1"]

    again = TableWriter(writer.folder.parents[3], "demo", RawTable.LIKES, "r1")
    again.land(likes("u3"))
    assert read(writer.folder) == ["u1", "u3"]


def test_twin_a_part_that_is_listed_before_it_is_written_would_be_found(writer):
    part = writer.land(likes("u1"))
    (writer.folder / part.name).write_bytes(b"PAR1 torn")
    with pytest.raises(pl.exceptions.ComputeError):
        read(writer.folder)


def test_part_that_no_manifest_lists_does_not_exist(writer):
    part = writer.land(likes("u1"))
    stray = writer.folder / "part-00001.parquet"
    stray.write_bytes((writer.folder / part.name).read_bytes())
    assert read(writer.folder) == ["u1"]


def test_no_temporary_file_is_taken_for_a_part(writer, monkeypatch):
    seen = []
    replace = Path.replace

    def spy(self, target):
        seen.extend(path.name for path in self.parent.iterdir())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", spy)
    writer.land(likes("u1"))
    assert ".part-00000.tmp" in seen
    assert not [name for name in seen if name.endswith(".parquet") and name.startswith(".")]


def test_units_are_listed_with_their_part_and_come_back_with_the_run(writer, tmp_path):
    done = LandedUnit(UnitKind.ITEM_LIKES, "m1", UnitState.DONE, 2, 3, True, "2026-11-01", None)
    failed = LandedUnit(UnitKind.ITEM_LIKES, "m2", UnitState.FAILED, why="status 500")
    writer.land(likes("u1", "u2"), [done])
    writer.land(likes(), [failed])
    again = TableWriter(tmp_path, "demo", RawTable.LIKES, "r1")
    assert [part.units for part in again.manifest.parts] == [(done,), (failed,)]
    assert again.manifest.units[UnitKind.ITEM_LIKES, "m1"] == done


def test_run_keeps_the_mode_and_the_crawl_that_it_began_with(tmp_path):
    first = {"crawl_id": "r1", "mode": Mode.INCREMENTAL}
    TableWriter(tmp_path, "demo", RawTable.LIKES, "r1.1-of-2", **first)
    again = TableWriter(tmp_path, "demo", RawTable.LIKES, "r1.1-of-2").manifest
    assert (again.crawl_id, again.mode) == ("r1", Mode.INCREMENTAL)


def die_at(monkeypatch, step, name):
    """Raise at one step of writing a file, with nothing cleaned up after it, as a kill does."""
    temporary = f".{Path(name).stem}.tmp"
    sync, replace, chmod = files._sync, Path.replace, Path.chmod

    def dying_chmod(self, mode):
        if self.name == temporary and step == "write":
            raise KilledError
        chmod(self, mode)

    def dying_sync(path):
        if path.name == temporary and step == "sync":
            raise KilledError
        sync(path)

    def dying_replace(self, target):
        if self.name == temporary and step == "rename":
            raise KilledError
        return replace(self, target)

    monkeypatch.setattr(Path, "chmod", dying_chmod)
    monkeypatch.setattr(files, "_sync", dying_sync)
    monkeypatch.setattr(Path, "replace", dying_replace)
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
