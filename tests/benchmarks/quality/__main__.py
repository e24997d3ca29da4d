"""``make bench-quality``: how good, how fast and how repeatable the models are.

``python -m tests.benchmarks.quality --only gowalla,speed`` measures these sections alone; each is
written to docs/benchmarks.md as soon as it is measured, and what was not measured stays.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks.quality import cold, gowalla, repeat, speed, worlds
from tests.benchmarks.quality.running import Run
from tests.benchmarks.report import ROOT, origin, replace_section

_DATA: Final = ROOT.parent / "shared" / "data"
SECTIONS: Final[dict[str, Callable[[Run], Iterable[str]]]] = {
    "gowalla": lambda run: gowalla.lines(run, list(gowalla.measure(run))),
    "cold": lambda run: cold.lines(run, list(cold.measure(run))),
    "worlds": lambda run: worlds.lines(run, list(worlds.measure(run))),
    "speed": lambda run: speed.lines(run, speed.measure(run)),
    "repeat": lambda run: repeat.lines(run, list(repeat.measure(run))),
}
"""What measures a section and puts it into words, by name, in order."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and write; 0 when every section that was asked for is written."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality")
    parser.add_argument("--only", help=f"of {', '.join(SECTIONS)}, separated by commas")
    parser.add_argument("--budget-s", type=float, default=120.0, help="of each tuned model")
    parser.add_argument("--data", type=Path, default=_DATA, help="folder of the public data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(given)
    names = options.only.split(",") if options.only else list(SECTIONS)
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    run = Run(options.data, options.budget_s, options.seed, options.threads)
    for name in names:
        text = list(SECTIONS[name](run))
        replace_section(f"quality-{name}", [*_head(run, name), *text])
    return 0


def _head(run: Run, name: str) -> Iterator[str]:
    words = ["python", "-m", "tests.benchmarks.quality", "--only", name]
    words += ["--budget-s", f"{run.budget_s:g}"]
    yield origin(shlex.join(words))
    today = datetime.now(UTC).date()
    yield f"Seed {run.seed}, {run.threads} threads where none are named, {today}."
    yield ""


if __name__ == "__main__":
    sys.exit(main())
