"""Processes that descend from a crawl, to be killed in its stead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["children"]


def children(pid: int) -> Iterator[tuple[int, str]]:
    """Processes that descend from one, with their command lines, nearest first."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    waiting = list(parents.get(pid, ()))
    while waiting:
        child = waiting.pop(0)
        waiting += parents.get(child, ())
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        yield child, b" ".join(words).decode(errors="replace")
