"""A temporary folder of one process, and the end of those that killed processes have left."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

_PREFIX: Final = "likewise-"
_HELD: Final = "held"
_YOUNG_S: Final = 60.0


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Folder that is gone at the end.

    A process that is killed leaves its folder, as large as the snapshots in it: those that nobody
    holds any more are removed first.
    """
    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with (folder / _HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield folder


def _remove_left(place: Path) -> None:
    for held in place.glob(f"{_PREFIX}*/{_HELD}"):
        with contextlib.suppress(OSError):  # held, gone meanwhile, or another person's
            is_young = time.time() - held.stat().st_mtime < _YOUNG_S
            with held.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not is_young:
                    shutil.rmtree(held.parent, ignore_errors=True)
