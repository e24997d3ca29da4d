"""Drawings that stay out by path, because no tag tells them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scrapers.replica.drawings.errors import DrawingsError

__all__ = ["DENIED", "read_deny_list"]

DENIED: Final = Path(__file__).with_name("denied.txt")
_HEADER: Final = re.compile(r"\[([a-z-]+)\] \S.*")


def read_deny_list(file: Path = DENIED) -> Mapping[str, str]:
    """Group of each denied path.

    A line ``[group] reason`` opens a group and the paths follow, one a line; ``#`` opens a remark.

    Raises
    ------
    DrawingsError : a path stands before any group, or twice, or is no SVG file.
    """
    denied: dict[str, str] = {}
    faults: list[str] = []
    group = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if header := _HEADER.fullmatch(line):
            group = header[1]
            continue
        fault = _fault(line, group, denied)
        if fault:
            faults.append(f"line {number}, {line!r}: {fault}")
        denied[line] = group
    if faults:
        raise DrawingsError(f"{file.name} is no deny list:", faults)
    return denied


def _fault(path: str, group: str, denied: Mapping[str, str]) -> str:
    if not group:
        return "stands before the first `[group] reason`"
    if path in denied:
        return f"stands in [{denied[path]}] already"
    return "" if path.endswith(".svg") else "is not the path of an SVG file"
