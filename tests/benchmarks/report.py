"""Sections of docs/benchmarks.md, each with command, commit and machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = [
    "ROOT",
    "full_size_section",
    "machine",
    "origin",
    "read_json",
    "replace_section",
    "summary_section",
]

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "benchmarks.md"
SHORTEST_S: Final = 1.0
METRICS: Final = ("NDCG", "Recall", "MAP", "Precision")


def machine() -> str:
    """The machine in words: processors, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def replace_section(name: str, lines: Iterable[str]) -> None:
    """Put a section between its marks in the page."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = PAGE.read_text("utf-8").split(begin)
    _, after = rest.split(end)
    text = "\n".join(lines)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")


def full_size_section(figures: Mapping[str, Any]) -> Iterable[str]:
    """Lines of the section on Sketchfab's size."""
    yield origin("make bench")
    yield f"{figures['seconds']:.0f} s in all, peak memory {figures['peak_memory_mb']:,} MB."
    yield ""
    yield from _steps(figures["step_s"])


def summary_section(summary: Mapping[str, Any], command: str) -> Iterable[str]:
    """Lines of the section on one demo run, from its ``summary.json``."""
    yield origin(command)
    yield (
        f"{summary['likes_crawled']:,} likes crawled; {summary['likes']:,} distinct likes of "
        f"{summary['users']:,} people on {summary['liked_items']:,} of {summary['items']:,} items; "
        f"{summary['seconds']:.0f} s."
    )
    yield ""
    yield from _evaluation(summary["evaluation"])
    yield ""
    yield from _steps(summary["step_s"])


def origin(command: str) -> str:
    """Command, commit and machine, as the first line of a section."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return f"`{command}`, commit {done.stdout.strip()}, {machine()}.  "


def _steps(step_s: Mapping[str, float]) -> Iterable[str]:
    yield f"| step of at least {SHORTEST_S:.0f} s | seconds |"
    yield "|---|---:|"
    for step, seconds in step_s.items():
        if seconds >= SHORTEST_S:
            yield f"| {step} | {seconds:.1f} |"


def _evaluation(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    rows = [row for row in rows if row["k"] == 10]
    cells = {(row["model"], row["metric"]): row for row in rows}
    first = rows[0]
    yield (
        f"{first['split'].capitalize()} split, seed {first['seed']}, {first['n_users']:,} people "
        f"judged, {first['n_users_skipped']:,} with too few likes; k = 10, 95 % intervals."
    )
    yield ""
    yield "| model | " + " | ".join(METRICS) + " |"
    yield "|---|" + "---|" * len(METRICS)
    for model in dict.fromkeys(row["model"] for row in rows):
        figures = (cells[model, metric] for metric in METRICS)
        shown = (f"{f['mean']:.4f} ({f['low']:.4f} to {f['high']:.4f})" for f in figures)
        yield f"| {model} | " + " | ".join(shown) + " |"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
