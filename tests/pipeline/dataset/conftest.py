import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline.dataset.keys import Key
from scrapers.records import (
    MANIFEST_NAME,
    RAW_SCHEMAS,
    Manifest,
    Part,
    RawTable,
    RunStatus,
    raw_folder,
)

BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)


class RawZone:
    """Lands rows of one site as a crawl does."""

    site = "shop"

    def __init__(self, data: Path):
        self.data = data

    def folder(self, table: RawTable, run_id: str) -> Path:
        return raw_folder(self.data, self.site, table, run_id)

    def land(self, table, run_id, *parts, day=0, status=RunStatus.COMPLETE):
        """Land each part, a list of rows as dicts; times not given are the run's own."""
        began = BEGUN + timedelta(days=day)
        folder = self.folder(table, run_id)
        folder.mkdir(parents=True, exist_ok=True)
        schema = pl.Schema(RAW_SCHEMAS[table])
        listed = []
        for number, rows in enumerate(parts):
            path = folder / f"part-{number:05}.parquet"
            frame = pl.DataFrame([{"crawled_at": began, **row} for row in rows], schema=schema)
            frame.write_parquet(path)
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            listed.append(Part(path.name, len(frame), len(content), digest))
        manifest = Manifest(
            self.site, table, run_id, status, began.isoformat(), parts=tuple(listed)
        )
        (folder / MANIFEST_NAME).write_text(manifest.to_json())
        return folder

    def land_likes(self, run_id, pairs, **run):
        rows = [{"user_handle": user, "item_id": item} for user, item in pairs]
        return self.land(RawTable.LIKES, run_id, rows, **run)


@pytest.fixture
def raw(tmp_path):
    return RawZone(tmp_path / "data")


@pytest.fixture
def key():
    return Key(bytes(range(32)))
