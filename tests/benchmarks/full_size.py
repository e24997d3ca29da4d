"""From curated likes to a published snapshot at Sketchfab's size: seconds by step, peak memory.

``python -m tests.benchmarks.full_size FOLDER`` generates the site into the folder, refreshes it
from its curated tables on, and prints one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.assets.factory import definitions_of
from pipeline.dataset.curated import Curated, write_curated
from pipeline.pointer import file_sha256, read_pointer
from pipeline.sites import SITES
from scrapers.records import RAW_SCHEMAS, Manifest, Part, RawTable, RunStatus, raw_folder
from tests.benchmarks.generator import generate

SITE: Final = "sketchfab"
KIB_A_MB: Final = 1024 if sys.platform == "linux" else 1024**2
BEFORE: Final = {"raw_catalogue", "raw_likes", "raw_features", "likes", "items", "raw_retention"}


def main() -> int:
    """Generate in a process of its own, so that the peak is the refresh's alone."""
    data = Path(sys.argv[1])
    if "--refresh" not in sys.argv:
        _generate(data)
        arguments = [sys.executable, "-m", "tests.benchmarks.full_size", str(data), "--refresh"]
        os.environ["LIKEWISE_DATA"] = str(data)
        os.execv(sys.executable, arguments)
    began = time.perf_counter()
    figures = _refresh(data)
    figures["seconds"] = round(time.perf_counter() - began, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak_memory_mb"] = round(peak / KIB_A_MB)
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _generate(data: Path) -> None:
    site = generate()
    for table in (Curated.LIKES, Curated.ITEMS, Curated.ITEM_FEATURES, Curated.INTERACTIONS):
        write_curated(data, SITE, table, getattr(site, table.value))
    _land_site_record(data)


def _land_site_record(data: Path) -> None:
    """The site's own row, as a crawl of the catalogue lands it."""
    now = datetime.now(UTC)
    row = {
        "title": "Generated",
        "base_url": "http://127.0.0.1",
        "hosts": ["127.0.0.1"],
        "page_url_forms": ["http://127.0.0.1/models/{item_id}"],
        "embed_template": None,
        "picture_hosts": ["127.0.0.1"],
        "crawled_at": now,
    }
    folder = raw_folder(data, SITE, RawTable.SITE, "generated")
    folder.mkdir(parents=True)
    path = folder / "part-00000.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=RAW_SCHEMAS[RawTable.SITE]), path)
    part = Part(path.name, 1, path.stat().st_size, file_sha256(path))
    stamp = now.isoformat()
    manifest = Manifest(
        SITE, RawTable.SITE, "generated", RunStatus.COMPLETE, stamp, stamp, (part,), {}
    )
    (folder / "manifest.json").write_text(manifest.to_json())


def _refresh(data: Path) -> dict[str, Any]:
    job = definitions_of([SITES[SITE]]).resolve_job_def(f"refresh_{SITE}")
    keys = [key for key in job.asset_layer.executable_asset_keys if key.path[-1] not in BEFORE]
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=keys)
    pointer = read_pointer(data, SITE)
    assert result.success
    assert pointer is not None
    return {"step_s": _step_s(result), "snapshot_id": pointer.snapshot_id}


def _step_s(result: Any) -> dict[str, float]:
    """Seconds of each step, by the name of its asset."""
    return {
        event.step_key.split("__")[-1]: round(event.step_success_data.duration_ms / 1000, 1)
        for event in result.all_events
        if event.event_type_value == "STEP_SUCCESS"
    }


if __name__ == "__main__":
    sys.exit(main())
