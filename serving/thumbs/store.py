"""Small pictures on disk: for all workers, never more than allowed, oldest use out first."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TextIO

from serving.thumbs.decoding import is_webp

__all__ = ["REFUSED_S", "PictureStore", "key_of"]

REFUSED_S: Final = 600.0
"""Seconds for which a picture that could not be had is not asked for again."""

_LAYOUT: Final = 1  # of what is made of a picture: another one is never read
_BLOCK: Final = 4096  # bytes that a file takes at least
_KEPT_SHARE: Final = 0.9  # of the cap, when it has been reached
_WRITTEN_SHARE: Final = 1 / 64  # of the cap, between two looks at how much there is
_ABANDONED_S: Final = 3600.0
_MOST_REMEMBERED: Final = 10_000  # refusals that the disk did not take


def key_of(url: str, size: int) -> str:
    """Name of what is made of the picture at a url, in one size."""
    told = f"{_LAYOUT}\0{size}\0{url}".encode(errors="replace")
    return hashlib.blake2b(told, digest_size=20).hexdigest()


class PictureStore:
    """Folder of small pictures, and of notes on those that could not be had.

    Files appear whole, by a rename; one that a crash has cut is as good as none.

    Parameters
    ----------
    most_bytes : that all files may take; more is there only between two looks.
    """

    def __init__(self, folder: Path, most_bytes: int, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._now = now
        self._unwritten: dict[str, float] = {}  # when it was refused, the oldest first
        self._noting = threading.Lock()
        self._unseen_bytes = most_bytes  # the first picture that is put takes a look

    def picture(self, key: str) -> bytes | None:
        """The picture of that name, which counts as used now; None where there is none."""
        path = self._path(key, "webp")
        try:
            made = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a disk that takes no time of use still has the picture
            os.utime(path, (self._now(), self._now()))
        return made if is_webp(made) else None

    def is_refused(self, key: str) -> bool:
        """Whether it could not be had when it was last asked for, not long ago."""
        unwritten_s = self._now() - self._unwritten.get(key, float("-inf"))
        return min(unwritten_s, self._age_s(self._path(key, "none"))) < REFUSED_S

    def put(self, key: str, made: bytes) -> None:
        """Keep a picture, and make room for it where the disk lets it be made.

        Raises
        ------
        OSError : it cannot be written.
        """
        self._write(self._path(key, "webp"), made)

    def refuse(self, key: str) -> None:
        """Note that a picture could not be had; in memory where the disk takes no note."""
        try:
            self._write(self._path(key, "none"), b"")
        except OSError:
            with self._noting:
                self._unwritten.pop(key, None)
                if len(self._unwritten) >= _MOST_REMEMBERED:
                    del self._unwritten[next(iter(self._unwritten))]
                self._unwritten[key] = self._now()

    @contextlib.contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Wait until nobody else, in any process, makes the picture of that name.

        Nobody waits for another picture's turn, nor where the disk takes no file or lock for it.
        """
        with contextlib.ExitStack() as turn:
            with contextlib.suppress(OSError):  # a turn is a courtesy
                turn.enter_context(_held(self._path(key, "turn")))
            yield

    def trim(self) -> None:
        """Once the cap is reached, remove what was used longest ago until a tenth of it is free.

        What a crash has left goes in any case.  Another process may be at it.
        """
        with contextlib.suppress(BlockingIOError), self._trimming():
            files = sorted(self._files())
            held = sum(size for _, size, _ in files)
            is_full = held > self._most_bytes
            for used_at, size, path in files:
                is_stale = path.suffix != ".webp" and self._now() - used_at > _ABANDONED_S
                if is_stale or (is_full and held > self._most_bytes * _KEPT_SHARE):
                    path.unlink(missing_ok=True)
                    held -= size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each file was used, the bytes that it takes, and where it is."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(OSError):  # another process may have removed it
                told = path.stat()
                yield told.st_mtime, max(_BLOCK, told.st_size), path

    def _path(self, key: str, suffix: str) -> Path:
        return self._folder / key[:2] / f"{key}.{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".begun")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.utime(name, (self._now(), self._now()))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._unseen_bytes += max(_BLOCK, len(content))
        if self._unseen_bytes > self._most_bytes * _WRITTEN_SHARE:
            self._unseen_bytes = 0
            with contextlib.suppress(OSError):  # what was written is kept, room or not
                self.trim()

    def _age_s(self, path: Path) -> float:
        try:
            return self._now() - path.stat().st_mtime
        except OSError:
            return float("inf")

    @contextlib.contextmanager
    def _trimming(self) -> Iterator[None]:
        """Nobody else trims during the block, where the disk has locks.

        Raises
        ------
        BlockingIOError : another process trims.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "trim").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise
            except OSError:  # no locks here: two at once remove the same files, the oldest
                pass
            yield


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """A file at a path that nobody else holds during the block, and that is gone after it.

    Raises
    ------
    OSError : it cannot be made or locked.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_held = False
    while not is_held:
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError:
                _remove(path)
                raise
            if is_held := _is_at(file, path):  # else whoever held it has removed it since
                try:
                    yield
                finally:
                    _remove(path)


def _remove(path: Path) -> None:
    """Remove a turn's file, where that can be done: one that stays is locked again all the same."""
    with contextlib.suppress(OSError):
        path.unlink()


def _is_at(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
