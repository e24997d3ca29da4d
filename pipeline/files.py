"""Files that stand whole or not at all: temp file, fsync, rename."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

__all__ = [
    "locked",
    "sync",
    "write_atomically",
    "write_bytes",
    "write_frame",
    "write_frames",
    "write_text",
]

_FILE_MODE: Final = 0o644
_TEMPORARY_SUFFIX: Final = ".tmp"


def write_atomically(path: Path, write: Callable[[Path], None], *, mode: int = _FILE_MODE) -> None:
    """Let ``write`` fill a temp file beside ``path``, then put it in the path's place.

    Missing parent folders are made.  Readers see the old file or the new one; when ``write``
    raises, the old one stays and nothing is left behind.
    """
    with _staged(path, write, mode) as temporary:
        temporary.replace(path)
    sync(path.parent)


def write_bytes(path: Path, content: bytes, *, mode: int = _FILE_MODE) -> None:
    """Replace a file by these bytes atomically."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(content)

    write_atomically(path, write, mode=mode)


def write_text(path: Path, text: str, *, mode: int = _FILE_MODE) -> None:
    """Replace a file by this text in UTF-8 atomically."""
    write_bytes(path, text.encode("utf-8"), mode=mode)


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Replace a file by the frame atomically; CSV where the name ends so, else Parquet."""
    write_frames({path: frame})


def write_frames(frames: Mapping[Path, pl.DataFrame]) -> None:
    """Replace several files by frames: all are written in full before the first is renamed."""
    with ExitStack() as stack:
        staged = [
            (stack.enter_context(_staged(path, partial(_write, frame), _FILE_MODE)), path)
            for path, frame in frames.items()
        ]
        for temporary, path in staged:
            temporary.replace(path)
    for folder in {path.parent for path in frames}:
        sync(folder)


def _write(frame: pl.DataFrame, temporary: Path) -> None:
    name = temporary.name.removesuffix(_TEMPORARY_SUFFIX)
    if name.lower().endswith(".csv"):
        frame.write_csv(temporary)
    else:
        frame.write_parquet(temporary)


@contextmanager
def _staged(path: Path, write: Callable[[Path], None], mode: int) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=".", suffix=f"-{path.name}{_TEMPORARY_SUFFIX}"
    )
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(mode)
        sync(temporary)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk hold a file, or a folder's names, as they stand now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder that is there; waits while another holder has it.

    The operating system drops the lock when its holder dies.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
