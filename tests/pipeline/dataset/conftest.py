import hashlib
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

import polars as pl
import pytest

from pipeline.dataset.keys import Key
from scrapers.records import (
    MANIFEST_NAME,
    RAW_SCHEMAS,
    LandedUnit,
    Manifest,
    Mode,
    Part,
    RawTable,
    RunStatus,
    UnitKind,
    UnitState,
    pseudonym,
    raw_folder,
)

KEY = Key(bytes(range(32)))
HOUR = timedelta(hours=1)
BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)


class RawZone:
    """Lands rows of one site as a crawl does."""

    site = "shop"

    def __init__(self, data: Path):
        self.data = data

    def folder(self, table: RawTable, run_id: str) -> Path:
        return raw_folder(self.data, self.site, table, run_id)

    def land(self, table, run_id, *parts, day=0, units=(), **run):
        """Land each part, a list of rows as dicts; times not given are the run's own.

        `units` has the ended units of each part, as far as there are any; what else a run may
        have: see `land_frames`.
        """
        began = BEGUN + timedelta(days=day)
        schema = pl.Schema(RAW_SCHEMAS[table])
        frames = [
            (pl.DataFrame([{"crawled_at": began, **row} for row in rows], schema=schema), ended)
            for rows, ended in zip_longest(parts, units, fillvalue=())
        ]
        return self.land_frames(table, run_id, frames, day=day, **run)

    def land_frames(
        self,
        table,
        run_id,
        parts,
        *,
        day=0,
        status=RunStatus.COMPLETE,
        mode=Mode.FULL,
        crawl_id="",
        counts=None,
    ):
        """Land parts, each a frame with its ended units; the run begins on a day, for an hour."""
        began = BEGUN + timedelta(days=day)
        folder = self.folder(table, run_id)
        folder.mkdir(parents=True, exist_ok=True)
        listed = []
        for number, (frame, ended) in enumerate(parts):
            path = folder / f"part-{number:05}.parquet"
            frame.write_parquet(path)
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            listed.append(Part(path.name, len(frame), len(content), digest, tuple(ended)))
        manifest = Manifest(
            self.site,
            table,
            run_id,
            status,
            began.isoformat(),
            finished_at=None if status is RunStatus.RUNNING else (began + HOUR).isoformat(),
            parts=tuple(listed),
            counts=counts or {},
            mode=mode,
            crawl_id=crawl_id or run_id,
        )
        (folder / MANIFEST_NAME).write_text(manifest.to_json())
        return folder

    def land_likes(self, run_id, pairs, *, units=(), **run):
        """Land likes of pairs as one part with these units."""
        rows = [{"user_handle": user, "item_id": item} for user, item in pairs]
        return self.land(RawTable.LIKES, run_id, rows, units=[units], **run)

    def of_user(self, handle, **end):
        """The end of a person's list, read whole unless said otherwise."""
        return read(UnitKind.USER_LIKES, pseudonym(self.site, handle, KEY), **end)


def read(kind, key, *, day=0, state=UnitState.DONE, whole=True, **end):
    """The end of a list, read whole unless said otherwise, half an hour into its day."""
    ended_at = (BEGUN + timedelta(days=day) + HOUR / 2).isoformat()
    return LandedUnit(kind, key, state, whole=whole, ended_at=ended_at, **end)


@pytest.fixture
def raw(tmp_path):
    return RawZone(tmp_path / "data")


@pytest.fixture
def key():
    return KEY
