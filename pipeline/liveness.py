"""Marks by which a run that lives is told from one whose process was killed.

A run holds a lock on a file of its own; the system lets go of it with the process, however that
ended.  A process id could not say as much: it may belong to another process by now.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["is_alive", "living"]


@contextmanager
def living(folder: Path, run_id: str) -> Iterator[None]:
    """Hold the mark of a run while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / run_id
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_alive(folder: Path, run_id: str) -> bool:
    """Whether some process holds the mark of the run."""
    try:
        with (folder / run_id).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
