"""Private files that stand whole or not at all: temp file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["make_private_folder", "write_atomically", "write_text"]

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


def make_private_folder(folder: Path, zone: Path) -> None:
    """Make a folder below `zone`, which nobody but its owner may enter."""
    zone.mkdir(parents=True, exist_ok=True)
    zone.chmod(_FOLDER_MODE)
    folder.mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temp file beside `path`, then put it in the path's place.

    The temp file keeps no suffix of the path, so that no pattern for parts matches it.  A name
    in use is replaced; when `write` raises, what stood there stays.
    """
    temporary = path.with_name(f".{path.stem}.tmp")
    try:
        write(temporary)
        temporary.chmod(_FILE_MODE)
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Replace a file by this text in UTF-8 atomically."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, "utf-8")

    write_atomically(path, write)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
