"""What an earlier crawl of the same site left in the raw zone for the next stage to visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scrapers.counts import Count, announced_count
from scrapers.records import (
    GONE,
    USER_HANDLE,
    Manifest,
    RawTable,
    RunStatus,
    UnitKind,
    listed_parts,
    raw_folder,
    read_manifest,
)

__all__ = [
    "ItemUnit",
    "catalogue_folder",
    "known_handles",
    "landed_item_ids",
    "landed_likes_of_items",
    "landed_pairs",
    "read_items",
    "users_gone",
]

_USABLE = (RunStatus.COMPLETE, RunStatus.PARTIAL)


@dataclass(frozen=True, slots=True)
class ItemUnit:
    """An item to visit; `announced` likes where the catalogue said how many."""

    item_id: str
    announced: Count | None


def catalogue_folder(data: Path, site: str, run_id: str) -> Path | None:
    """Catalogue of this very run, else of the newest complete one; None where there is none.

    Raises
    ------
    ValueError : a manifest that cannot be read.
    """
    own = raw_folder(data, site, RawTable.ITEMS, run_id)
    manifest = read_manifest(own)
    if manifest is not None and manifest.status in _USABLE:
        return own
    complete = [
        (manifest.started_at, folder)
        for folder, manifest in _runs(data, site, RawTable.ITEMS)
        if manifest.status is RunStatus.COMPLETE
    ]
    return max(complete)[1] if complete else None


def read_items(folder: Path) -> list[ItemUnit]:
    """Items of a landed catalogue in its order, each once."""
    frames = [
        pl.read_parquet(part, columns=["item_id", "like_count", "like_count_text"])
        for part in listed_parts(folder)
    ]
    if not frames:
        return []
    rows = pl.concat(frames).unique("item_id", keep="first", maintain_order=True)
    return [ItemUnit(row[0], announced_count(row[1], row[2])) for row in rows.iter_rows()]


def known_handles(data: Path, site: str) -> list[str]:
    """Users whose likes lie in the raw zone, sorted."""
    frames = [
        pl.read_parquet(part, columns=[USER_HANDLE])
        for folder, _ in _runs(data, site, RawTable.LIKES)
        for part in listed_parts(folder)
    ]
    if not frames:
        return []
    handles: list[str] = pl.concat(frames)[USER_HANDLE].unique().sort().to_list()
    return handles


def _runs(data: Path, site: str, table: RawTable) -> Iterator[tuple[Path, Manifest]]:
    folders = sorted(raw_folder(data, site, table, "run").parent.glob("*/"))
    for folder in folders:
        manifest = read_manifest(folder)
        if manifest is not None:
            yield folder, manifest


def landed_item_ids(folder: Path) -> list[str]:
    """Ids of the rows that a run's folder lists; empty before anything was landed."""
    ids = [pl.read_parquet(part, columns=["item_id"]) for part in listed_parts(folder)]
    return [] if not ids else list(pl.concat(ids)["item_id"].unique())


def landed_pairs(folder: Path) -> frozenset[tuple[str, ...]]:
    """What a run's folder lists: user and item of each like, else the id of each item."""
    parts = listed_parts(folder)
    if not parts:
        return frozenset()
    names = pl.read_parquet_schema(parts[0])
    keys: list[str] = [name for name in (USER_HANDLE, "item_id") if name in names]
    return frozenset(pl.concat(pl.read_parquet(part, columns=keys) for part in parts).iter_rows())


def landed_likes_of_items(data: Path, site: str, crawl_id: str) -> Mapping[str, int]:
    """Distinct likes of each item that all processes of a crawl have landed."""
    frames = [
        pl.read_parquet(part, columns=[USER_HANDLE, "item_id"])
        for folder, _ in _likes_of(data, site, crawl_id)
        for part in listed_parts(folder)
    ]
    if not frames:
        return {}
    counts = pl.concat(frames).unique().group_by("item_id").len()
    return dict(counts.iter_rows())


def users_gone(data: Path, site: str, crawl_id: str) -> int:
    """How many users were not there any more when a crawl asked what they like."""
    units = (u for _, manifest in _likes_of(data, site, crawl_id) for u in manifest.units.values())
    return len({u.key for u in units if u.kind is UnitKind.USER_LIKES and u.why == GONE})


def _likes_of(data: Path, site: str, crawl_id: str) -> Iterator[tuple[Path, Manifest]]:
    """What each process of a crawl has landed of likes."""
    for folder, manifest in _runs(data, site, RawTable.LIKES):
        if manifest.crawl_id == crawl_id:
            yield folder, manifest
