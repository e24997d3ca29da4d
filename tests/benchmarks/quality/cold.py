"""New items beside the rivals of the hybrid: `tests.benchmarks.cold_items` as a section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tests.benchmarks.cold_items import Row
from tests.benchmarks.cold_items import measure as measure_worlds
from tests.benchmarks.quality.running import Run, apart

__all__ = ["WORLDS", "lines", "measure"]

WORLDS: Final = ("anime", "lastfm")


def measure(run: Run, worlds: Sequence[str] = WORLDS) -> Iterator[Row]:
    """Rows of cold and of all items for each world."""
    for world in worlds:
        yield from apart(run, _rows, world, run)


def _rows(world: str, run: Run) -> list[Row]:
    folder = run.data / "worlds" / world
    return list(measure_worlds([folder], seeds=(run.seed,), budget_s=run.budget_s))


def lines(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """The section's text."""
    yield (
        f"`cold`: a fifth of the items held out whole and ranked among themselves; `all`: a fifth "
        f"of each user's likes held out, all items ranked. NDCG@20, {run.budget_s:.0f} s for the "
        "search of each model on splits of the training part, one thread; differences are paired, "
        "with 95 % intervals."
    )
    yield ""
    yield "| world | items | model | users | NDCG@20 | difference | to |"
    yield "|---|---|---|---:|---|---|---|"
    for row in rows:
        is_itself = row.model == row.against
        difference = (
            ""
            if is_itself
            else (
                f"{row.difference:+.4f} ({row.difference_low:+.4f} to {row.difference_high:+.4f})"
            )
        )
        yield (
            f"| {row.world} | {row.protocol} | {row.model} | {row.n_users:,} | "
            f"{row.ndcg:.4f} ({row.low:.4f} to {row.high:.4f}) | {difference} | "
            f"{'' if is_itself else row.against} |"
        )
