"""Sections of docs/torture.md, each with command, commit and machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.report import ROOT, machine

__all__ = ["PAGE", "Told", "replace_section", "table"]

PAGE = ROOT / "docs" / "torture.md"


@dataclass(frozen=True)
class Told:
    """What a torture has shown: lines of Markdown, figures, and what must not be."""

    name: str
    lines: Sequence[str]
    figures: dict[str, Any]
    bad: Sequence[str] = field(default_factory=tuple)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table; numbers stand to the right."""
    shown = [[_shown(cell) for cell in row] for row in rows]
    right = [all(row[n][:1].isdigit() for row in shown) for n in range(len(heads))]
    rule = "|".join("---:" if each else "---" for each in right)
    return [_row(heads), f"|{rule}|", *map(_row, shown)]


def replace_section(told: Told, command: str, seconds: float) -> None:
    """Put what was told between its marks in the page."""
    begin, end = f"<!-- {told.name} -->", f"<!-- end of {told.name} -->"
    before, rest = PAGE.read_text("utf-8").split(begin)
    _, after = rest.split(end)
    origin = f"`{command}`, commit {_commit()}, {machine()}, {seconds:.0f} s."
    text = "\n".join([origin, "", *told.lines])
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)
