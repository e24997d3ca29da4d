"""One raw table of a run: rows become part files, and a part exists once the manifest lists it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from scrapers.files import make_private_folder, write_atomically, write_text
from scrapers.records import (
    MANIFEST_NAME,
    RAW_SCHEMAS,
    LandedUnit,
    Manifest,
    Mode,
    Part,
    RawTable,
    RunStatus,
    raw_folder,
    read_manifest,
)

__all__ = ["TableWriter"]

_COMPRESSION: Final = "zstd"


class TableWriter:
    """Lands one table of a run.

    A run that is taken up again goes on after the parts that its manifest lists; a part that
    a crash left unlisted is written over.
    """

    def __init__(
        self,
        data: Path,
        site: str,
        table: RawTable,
        run_id: str,
        *,
        crawl_id: str | None = None,
        mode: Mode = Mode.FULL,
    ) -> None:
        self.folder = raw_folder(data, site, table, run_id)
        self._schema = RAW_SCHEMAS[table]
        make_private_folder(self.folder, data / "raw")
        begun = read_manifest(self.folder)
        self.manifest = (
            Manifest(
                site,
                table,
                run_id,
                RunStatus.RUNNING,
                started_at=_now(),
                mode=mode,
                crawl_id=crawl_id or run_id,
            )
            if begun is None
            else replace(begun, status=RunStatus.RUNNING, finished_at=None)
        )
        self._list()

    def land(self, columns: Mapping[str, list[Any]], units: Sequence[LandedUnit] = ()) -> Part:
        """Write the rows of whole units as one more part and list it with them."""
        rows = pa.table(dict(columns), schema=self._schema)
        path = self.folder / f"part-{len(self.manifest.parts):05d}.parquet"

        def write(temporary: Path) -> None:
            pq.write_table(rows, temporary, compression=_COMPRESSION)

        write_atomically(path, write)
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        part = Part(path.name, rows.num_rows, len(content), digest, tuple(units))
        self.manifest = replace(self.manifest, parts=(*self.manifest.parts, part))
        self._list()
        return part

    def finish(self, status: RunStatus, counts: Mapping[str, int]) -> Manifest:
        """Write down how the crawl of this table ended."""
        self.manifest = replace(
            self.manifest, status=status, finished_at=_now(), counts=dict(counts)
        )
        self._list()
        return self.manifest

    def _list(self) -> None:
        write_text(self.folder / MANIFEST_NAME, self.manifest.to_json())


def _now() -> str:
    return datetime.now(UTC).isoformat()
