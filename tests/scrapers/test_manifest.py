import json

import pytest

from scrapers.manifest import (
    MANIFEST_NAME,
    LandedUnit,
    Manifest,
    Part,
    listed_parts,
    read_manifest,
)
from scrapers.vocabulary import Mode, RawTable, RunStatus, UnitKind, UnitState

UNIT = LandedUnit(
    UnitKind.ITEM_LIKES, 'odd "id"', UnitState.PARTIAL, 44, 200, False, "2026-11-01", "44 of 200"
)
PARTS = (
    Part("part-00000.parquet", 44, 1_000, "ab", (UNIT,)),
    Part("part-00001.parquet", 0, 10, "cd"),
)


def manifest(**fields):
    whole = {
        "site": "demo", "table": RawTable.LIKES, "run_id": "r1.1-of-2", "parts": PARTS,
        "status": RunStatus.PARTIAL, "started_at": "2026-11-01", "counts": {"rejected": 1},
        "mode": Mode.INCREMENTAL, "crawl_id": "r1",
    }  # fmt: skip
    return Manifest(**{**whole, **fields})


@pytest.mark.parametrize("parts", [PARTS, PARTS[:1], ()])
def test_manifest_comes_back_as_it_was_written(parts):
    written = manifest(parts=parts)
    assert Manifest.from_json(written.to_json()) == written


def test_part_stands_on_a_line_of_its_own():
    lines = manifest().to_json().splitlines()
    assert len([line for line in lines if "part-0000" in line]) == 2


def test_manifest_of_version_1_has_no_units_and_was_a_full_crawl():
    old = {
        "site": "demo", "table": "likes", "run_id": "r0", "status": "complete",
        "started_at": "2026-01-01", "finished_at": None, "counts": {}, "schema_version": 1,
        "parts": [{"name": "part-00000.parquet", "rows": 3, "size_bytes": 9, "sha256": "ab"}],
    }  # fmt: skip
    read = Manifest.from_json(json.dumps(old))
    assert (read.mode, read.crawl_id, read.rows, read.units) == (Mode.FULL, "r0", 3, {})


def test_unit_that_ended_twice_has_its_last_end():
    again = LandedUnit(UnitKind.ITEM_LIKES, UNIT.key, UnitState.DONE, 200, 200, True)
    later = Part("part-00002.parquet", 156, 1_000, "ef", (again,))
    assert manifest(parts=(*PARTS, later)).units == {(UnitKind.ITEM_LIKES, UNIT.key): again}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Expecting"),
        ('{"schema_version": 3}', "version 3, this code reads 1 to 2"),
        ('{"schema_version": 2}', "not of the expected form"),
        (manifest().to_json().replace('"partial",', '"odd",'), "odd"),
    ],
)
def test_what_is_no_manifest_is_told(text, told):
    with pytest.raises(ValueError, match=told):
        Manifest.from_json(text)


def test_only_listed_parts_exist(tmp_path):
    assert (read_manifest(tmp_path), listed_parts(tmp_path)) == (None, [])
    (tmp_path / MANIFEST_NAME).write_text(manifest().to_json())
    (tmp_path / "part-00009.parquet").touch()
    assert [path.name for path in listed_parts(tmp_path)] == [part.name for part in PARTS]
