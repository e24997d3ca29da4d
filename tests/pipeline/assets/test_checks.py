"""Each check passes on a sound refresh (test_refresh) and fails on a damaged twin."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipeline.assets.checks import site_checks
from pipeline.assets.workspace import Workspace
from pipeline.dataset.curated import Curated, curated_path
from pipeline.evaluation_files import evaluation_path
from pipeline.pointer import file_sha256, read_pointer, snapshot_path
from scrapers.records import MANIFEST_NAME, read_manifest
from tests.pipeline.assets.conftest import SITE

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
Damage = Callable[[Path], None]


def _rewrite(table: Curated, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Damage:
    def damage(data: Path) -> None:
        path = curated_path(data, SITE.name, table)
        change(pl.read_parquet(path)).write_parquet(path)

    return damage


def _partial(data: Path) -> None:
    (path,) = data.glob(f"raw/*/features/*/{MANIFEST_NAME}")
    path.write_text(path.read_text().replace('"complete"', '"partial"'))


def _few_likes(data: Path) -> None:
    (folder,) = data.glob("raw/*/likes/*")
    manifest = read_manifest(folder)
    parts = tuple(replace(part, rows=10) for part in manifest.parts)
    (folder / MANIFEST_NAME).write_text(replace(manifest, parts=parts).to_json())


def _lose_tags(data: Path) -> None:
    """A second crawl of features, which finds no tag."""
    (first,) = data.glob("raw/*/features/*")
    manifest = read_manifest(first)
    folder = first.with_name("later")
    folder.mkdir()
    path = folder / manifest.parts[0].name
    rows = pl.read_parquet(first / path.name)
    rows.with_columns(tags=pl.lit([], dtype=pl.List(pl.String))).write_parquet(path)
    part = replace(manifest.parts[0], sha256=file_sha256(path), size_bytes=path.stat().st_size)
    later = replace(manifest, run_id="later", crawl_id="later", started_at="2099-01-01T00:00:00Z")
    (folder / MANIFEST_NAME).write_text(replace(later, parts=(part,)).to_json())


def _announce_nothing(data: Path) -> None:
    (folder,) = data.glob("raw/*/items/*")
    manifest = read_manifest(folder)
    parts = []
    for part in manifest.parts:
        path = folder / part.name
        frame = pl.read_parquet(path).with_columns(like_count=pl.lit(None, dtype=pl.Int64))
        frame.write_parquet(path)
        size_bytes = path.stat().st_size
        parts.append(replace(part, size_bytes=size_bytes, sha256=file_sha256(path)))
    (folder / MANIFEST_NAME).write_text(replace(manifest, parts=tuple(parts)).to_json())


def _flip_a_byte(data: Path) -> None:
    path = snapshot_path(data, SITE.name, read_pointer(data, SITE.name).snapshot_id)
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


def _weak_models(data: Path) -> None:
    path = evaluation_path(data, SITE.name)
    rows = pl.read_parquet(path)
    rows.with_columns(pl.lit(0.1).alias("low"), pl.lit(0.2).alias("high")).write_parquet(path)


def _first_row_twice(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows[:1]])


EMPTY = pl.DataFrame.clear
CASES: list[tuple[str, Damage, dg.AssetCheckSeverity]] = [
    ("raw_features:crawl_is_complete", _partial, WARN),
    ("raw_likes:announced_likes_are_read", _few_likes, ERROR),
    ("raw_likes:announced_likes_are_read", _announce_nothing, WARN),
    ("raw_features:has_not_drifted", _lose_tags, ERROR),
    ("likes:likes_are_sound", _rewrite(Curated.LIKES, _first_row_twice), ERROR),
    (
        "likes:likes_are_sound",
        _rewrite(Curated.LIKES, lambda rows: rows.with_columns(user_id=pl.lit("Zoë"))),
        ERROR,
    ),
    ("likes:likes_are_sound", _rewrite(Curated.LIKES, EMPTY), ERROR),
    ("items:items_are_unique", _rewrite(Curated.ITEMS, _first_row_twice), ERROR),
    ("items:items_are_unique", _rewrite(Curated.ITEMS, lambda rows: rows[1:]), ERROR),
    (
        "items:items_are_described",
        _rewrite(
            Curated.ITEMS,
            lambda rows: rows.with_columns(
                pl.lit([], dtype=pl.List(pl.String)).alias("tags"),
                pl.lit([], dtype=pl.List(pl.String)).alias("categories"),
                pl.lit(None, dtype=pl.String).alias("creator"),
            ),
        ),
        WARN,
    ),
    ("interactions:interactions_are_there", _rewrite(Curated.INTERACTIONS, EMPTY), ERROR),
    ("evaluation:popularity_is_beaten", _weak_models, WARN),
    ("snapshot:snapshot_is_verified", _flip_a_byte, ERROR),
]  # fmt: skip


def _check(name: str) -> dg.AssetChecksDefinition:
    asset, check = name.split(":")
    (found,) = [
        checks
        for checks in site_checks(SITE)
        for spec in checks.check_specs
        if (spec.asset_key.path[1], spec.name) == (asset, check)
    ]
    return found


def test_every_check_has_a_twin_that_fails():
    names = {
        f"{spec.asset_key.path[1]}:{spec.name}"
        for checks in site_checks(SITE)
        for spec in checks.check_specs
    }
    same = {
        "raw_catalogue:crawl_is_complete",
        "raw_likes:crawl_is_complete",
        "raw_catalogue:has_not_drifted",
        "raw_likes:has_not_drifted",
    }
    assert names - same == {name for name, _, _ in CASES}


@pytest.fixture
def twin(refreshed, tmp_path, monkeypatch) -> Path:
    """A copy of the refreshed data folder, which the settings name."""
    data = tmp_path / "data"
    shutil.copytree(refreshed.bench.data, data, ignore=shutil.ignore_patterns("dagster"))
    monkeypatch.setenv("LIKEWISE_DATA", str(data))
    return data


@pytest.mark.parametrize(("name", "damage", "severity"), CASES)
def test_damaged_twin_is_found(twin, name, damage, severity):
    check = _check(name)
    assert check(workspace=Workspace()).passed
    damage(twin)
    result = check(workspace=Workspace())
    assert not result.passed
    assert result.severity is severity


def test_nothing_crawled_fails_the_crawl_and_nothing_published_the_snapshot(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    for name in ("raw_catalogue:crawl_is_complete", "snapshot:snapshot_is_verified"):
        assert not _check(name)(workspace=Workspace()).passed
