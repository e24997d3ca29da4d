"""``make bench-serving``: how fast the service is, and what it stands.

``python -m tests.benchmarks.serving --only rates,search`` measures these parts alone; each is
written to docs/benchmarks.md as soon as it is measured, and what was not measured stays.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tests.benchmarks.report import ROOT, origin, replace_section

_FOLDER: Final = "FOLDER"
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "rates": ("rates", _FOLDER),
    "overload": ("overload", _FOLDER),
    "pages": ("pages",),
    "search": ("search",),
    "fuzz": ("fuzz", "--cases", "20000"),
    "oddities": ("oddities",),
    "publishes": ("publishes", "200"),
}
"""Module and arguments of each part, by name, in order."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and write; 0 when every part that was asked for held."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving")
    parser.add_argument("--only", help=f"of {', '.join(PARTS)}, separated by commas")
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    names = options.only.split(",") if options.only else list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            module, *given = PARTS[name]
            shown = ["python", "-m", f"tests.benchmarks.serving.{module}", *given]
            command = [sys.executable, *shown[1:]]
            told = [folder if word == _FOLDER else word for word in command]
            done = subprocess.run(told, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
            failed += done.returncode != 0
            figures = json.loads(done.stdout.splitlines()[-1])
            replace_section(f"serving-{name}", _section(shlex.join(shown), figures))
    return 1 if failed else 0


def _section(command: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield origin(command)
    yield f"{datetime.now(UTC).date()}."
    yield ""
    yield "| figure | |"
    yield "|---|---:|"
    for name, value in _flat(figures):
        yield f"| {name} | {value} |"


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Figures by the path of their names."""
    for name, value in figures.items():
        path = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            if not value:
                yield path, "none"
            yield from _flat(value, f"{path}: ")
        elif isinstance(value, float):
            yield path, f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
        elif isinstance(value, list):
            yield path, ", ".join(map(str, value)) or "none"
        else:
            yield path, f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
