"""Same seed and one thread: the same bytes in two runs of the command."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.recommenders.best import Best
from pipeline.recommenders.registry import RECOMMENDERS
from tests.benchmarks.quality.running import Run, pipeline_command

__all__ = ["FIXED", "Row", "lines", "measure"]

WORLD: Final = "ml-100k"
TRIALS: Final = 3
FIXED: Final = tuple(kind.name for kind in RECOMMENDERS if kind is not Best)
"""Models whose parameters a file fixes."""


@dataclass(frozen=True, slots=True)
class Row:
    """Two runs: what was asked for, and the SHA-256 of the lists of each."""

    what: str
    first: str
    second: str


def measure(
    run: Run, world: str = WORLD, models: Sequence[str] = FIXED, trials: int = TRIALS
) -> Iterator[Row]:
    """Fixed parameters, then `best` by a budget of trials."""
    folder = run.data / "worlds" / world
    with TemporaryDirectory() as place:
        params = Path(place) / "params.toml"
        params.write_text("".join(f"[{name}]\n" for name in models), "utf-8")
        asked: Mapping[str, tuple[object, ...]] = {
            f"fixed parameters: {', '.join(models)}": (
                *("--model", ",".join(models), "--params", params, "--budget-trials", 1),
            ),
            f"`best --budget-trials {trials}`": ("--model", "best", "--budget-trials", trials),
        }
        for what, options in asked.items():
            digests = [_digest(run, folder, Path(place), options) for _ in range(2)]
            yield Row(what, *digests)


def _digest(run: Run, folder: Path, place: Path, options: Sequence[object]) -> str:
    out = place / "lists.parquet"
    inputs = ("--likes", folder / "likes.parquet", "--items", folder / "items.parquet")
    same = ("--seed", run.seed, "--threads", 1, "--out", out)
    pipeline_command(run, "recommend", *inputs, *options, *same)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def lines(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """The section's text."""
    yield "`python -m pipeline recommend --threads 1` twice on ml-100k, SHA-256 of the lists."
    yield ""
    yield "| what | first run | second run | same bytes |"
    yield "|---|---|---|---|"
    for row in rows:
        same = "yes" if row.first == row.second else "NO"
        yield f"| {row.what} | `{row.first[:16]}` | `{row.second[:16]}` | {same} |"
