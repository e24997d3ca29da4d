"""What a crawl has landed, read as a stranger would: the manifest's JSON, then its parts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["Landed"]

ENDS = {"partial", "failed"}


@dataclass(frozen=True)
class Landed:
    """One table of a crawl; of processes that shared it, all their folders."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, data: Path, table: str, run_id: str = "r") -> Landed:
        """Table of a run, or of its workers."""
        base = data / "raw" / "sketchfab" / table
        found = {base / run_id, *base.glob(f"{run_id}.*-of-*")}
        return cls(tuple(sorted(folder for folder in found if (folder / "manifest.json").exists())))

    @cached_property
    def manifests(self) -> Sequence[Mapping[str, Any]]:
        """Manifests, one a process."""
        return [json.loads((folder / "manifest.json").read_text()) for folder in self.folders]

    @property
    def statuses(self) -> set[str]:
        """How the processes say that they ended."""
        return {manifest["status"] for manifest in self.manifests}

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Rows of all parts that a manifest lists, in landing order."""
        frames = [
            pl.read_parquet(folder / part["name"])
            for folder, manifest in zip(self.folders, self.manifests, strict=True)
            for part in manifest["parts"]
        ]
        return pl.concat(frames) if frames else pl.DataFrame()

    def content(self) -> Counter[str]:
        """How often each row stands there, whenever it was read."""
        rows = self.rows
        return Counter(map(repr, rows.drop("crawled_at").iter_rows()) if len(rows) else ())

    def keys(self, *columns: str) -> Counter[tuple[str, ...]]:
        """How often each key stands there."""
        return Counter(self.rows.select(columns).iter_rows() if len(self.rows) else ())

    def likes(self) -> Counter[tuple[str, ...]]:
        """Handle and item of each like, with how often it stands there."""
        return self.keys("user_handle", "item_id")

    def items(self) -> Counter[tuple[str, ...]]:
        """Id of each item, with how often it stands there."""
        return self.keys("item_id")

    @property
    def unfinished(self) -> Mapping[tuple[str, str], str]:
        """Units by kind and key whose last end was partial or failed, and why."""
        ends = {
            (unit[0], unit[1]): (unit[2], unit[7])
            for manifest in self.manifests
            for part in manifest["parts"]
            for unit in part["units"]
        }
        return {name: str(why) for name, (state, why) in ends.items() if state in ENDS}

    @property
    def counts(self) -> Counter[str]:
        """Figures of the manifests, added up."""
        total: Counter[str] = Counter()
        for manifest in self.manifests:
            total.update(manifest["counts"])
        return total
