"""Markdown tables with columns of one width, for a terminal."""

from __future__ import annotations

from itertools import groupby

__all__ = ["aligned"]


def aligned(markdown: str) -> str:
    """The same text with the cells of each table padded; other lines as they are."""
    lines: list[str] = []
    for is_table, group in groupby(markdown.splitlines(), lambda line: line.startswith("|")):
        block = list(group)
        lines += _padded(block) if is_table else block
    return "\n".join(lines)


def _padded(table: list[str]) -> list[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    cells = [rows[0], rule, *rows[2:]]
    return [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
