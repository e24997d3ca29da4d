"""What a demo did, as a file and as lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipeline.dataset.columns import ITEM_ID, USER_ID
from pipeline.dataset.presence import read_present
from pipeline.demo.refreshing import Refresh
from pipeline.errors import SnapshotError
from pipeline.evaluation_files import evaluation_path
from pipeline.files import write_text
from pipeline.pointer import read_pointer
from scrapers.records import RawTable, raw_folder, read_manifest

__all__ = ["Summary", "summarize", "summary_lines", "write_summary"]

_PURGED: Final = "purged"
_SHOWN: Final = ("NDCG", "Recall", "MAP")
_K: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Figures of one run.

    ``likes_crawled`` counts rows that this run landed, ``likes`` the distinct ones of all runs
    that are still there;
    ``evaluation`` has one row a model, metric and k, ``step_s`` the seconds of each asset.
    """

    run_id: str
    crawl_run: str
    site: str
    world: str
    likes_crawled: int
    likes: int
    users: int
    items: int
    liked_items: int
    seconds: float
    step_s: Mapping[str, float]
    peak_memory_mb: int
    evaluation: Sequence[Mapping[str, Any]]
    snapshot_id: str


def summarize(
    data: Path, site: str, refresh: Refresh, *, world: str, seconds: float, peak_memory_mb: int
) -> Summary:
    """Figures of a refresh, read from what it wrote.

    Raises
    ------
    LikewiseError : what a refresh writes is not there.
    """
    present = read_present(data, site)
    likes = present.likes
    pointer = read_pointer(data, site)
    if pointer is None:
        raise SnapshotError(f"the refresh of {site} has published nothing")
    evaluation = pl.read_parquet(evaluation_path(data, site))
    return Summary(
        run_id=refresh.run_id,
        crawl_run=refresh.crawl_run,
        site=site,
        world=world,
        likes_crawled=_crawled(data, site, refresh.crawl_run),
        likes=len(likes),
        users=likes[USER_ID].n_unique(),
        items=len(present.items),
        liked_items=likes[ITEM_ID].n_unique(),
        seconds=round(seconds, 1),
        step_s=refresh.step_s,
        peak_memory_mb=peak_memory_mb,
        evaluation=evaluation.with_columns(pl.col("evaluated_at").dt.to_string("iso")).to_dicts(),
        snapshot_id=pointer.snapshot_id,
    )


def _crawled(data: Path, site: str, crawl_run: str) -> int:
    manifest = read_manifest(raw_folder(data, site, RawTable.LIKES, crawl_run))
    return 0 if manifest is None else manifest.rows + manifest.counts.get(_PURGED, 0)


def write_summary(data: Path, summary: Summary) -> Path:
    """Write ``runs/<id>/summary.json``; returns its path."""
    path = data / "runs" / summary.crawl_run / "summary.json"
    write_text(path, json.dumps(asdict(summary), indent=1) + "\n")
    return path


def summary_lines(summary: Summary) -> Iterator[str]:
    """The summary in words and a small table."""
    yield f"{summary.likes_crawled:,} likes crawled"
    yield (
        f"{summary.likes:,} distinct likes of {summary.users:,} people on "
        f"{summary.liked_items:,} of {summary.items:,} items"
    )
    yield ""
    yield f"{'model':<18}" + "".join(f"{f'{metric}@{_K}':<26}" for metric in _SHOWN)
    rows = {(row["model"], row["metric"], row["k"]): row for row in summary.evaluation}
    for model in dict.fromkeys(row["model"] for row in summary.evaluation):
        cells = (_interval(rows.get((model, metric, _K))) for metric in _SHOWN)
        yield f"{model:<18}" + "".join(f"{cell:<26}" for cell in cells)
    judged = next(iter(summary.evaluation), None)
    if judged is not None:
        yield f"(95 % intervals over {judged['n_users']:,} people; {judged['split']} split)"
    yield ""
    yield f"snapshot {summary.snapshot_id}"
    yield f"{summary.seconds:.0f} s in all; the largest process took {summary.peak_memory_mb:,} MB"


def _interval(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "-"
    if row["low"] is None:
        return f"{row['mean']:.4f}"
    return f"{row['mean']:.4f} [{row['low']:.4f}, {row['high']:.4f}]"
