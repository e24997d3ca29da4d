"""Where snapshots lie unfolded: folders that are filled once and mapped by every worker."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Final

import orjson

from pipeline.deny import DenyList
from pipeline.pointer import Pointer, site_folder, snapshot_path
from pipeline.tables import SCHEMA_VERSION
from serving.errors import FolderDamagedError, SnapshotRefusedError, short
from serving.published import file_faults
from serving.settings import ServingSettings

__all__ = ["ARRAYS", "FACTS", "unfold_ahead", "unfolded"]

ARRAYS: Final = "arrays.npy"
FACTS: Final = "facts.json"

_LAYOUT: Final = 5  # of the folders: another one is never read
_REFUSED: Final = 3
_KEPT: Final = 4
_ABANDONED_S: Final = 3600
_SEAL: Final = "sizes.json"


@contextlib.contextmanager
def unfolded(
    settings: ServingSettings, site: str, pointer: Pointer, denied: DenyList
) -> Iterator[Path]:
    """The folder of a published snapshot, whole; it may be removed once it has been mapped.

    Raises
    ------
    SnapshotRefusedError : the published file is not fit to be served.
    FolderDamagedError : the block failed on a folder that was found; the next one is filled anew.
    """
    wanted = _Wanted(settings, site, pointer, denied)
    if settings.cache is None:
        with tempfile.TemporaryDirectory(prefix="likewise-") as place:
            yield wanted.filled(Path(place))
        return
    with _locked(settings.cache, wanted.name):
        _remove_old(settings.cache, site)
        with _removed_if_damaged(settings.cache / wanted.name):
            yield wanted.filled(settings.cache)


@contextlib.contextmanager
def _removed_if_damaged(folder: Path) -> Iterator[None]:
    """Remove a folder that was there before the block, and that the block fails on."""
    was_found = _is_whole(folder)
    try:
        yield
    except Exception as err:  # whatever reading what a disk has garbled raises
        if not was_found:
            raise
        shutil.rmtree(folder, ignore_errors=True)
        raise FolderDamagedError([f"{folder.name} cannot be read: {short(err)}"]) from err


def unfold_ahead(settings: ServingSettings, site: str, denied: DenyList, tried: set[str]) -> None:
    """Unfold the newest snapshot of a site, published or not, so that a publish finds it ready.

    What is not fit to be served is left to be refused when it is published.

    Parameters
    ----------
    tried : names that are not tried again; this one is added.
    """
    newest = max(site_folder(settings.data, site).glob("*.duckdb"), default=None)
    if settings.cache is None or newest is None:
        return
    try:
        sha256 = newest.with_name(f"{newest.name}.sha256").read_text("utf-8").split()[0]
    except (OSError, IndexError):
        return
    pointer = Pointer(newest.stem, sha256, SCHEMA_VERSION, published_at="")
    wanted = _Wanted(settings, site, pointer, denied)
    if wanted.name not in tried:
        tried.add(wanted.name)
        with contextlib.suppress(SnapshotRefusedError), _locked(settings.cache, wanted.name):
            wanted.filled(settings.cache)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A snapshot less what is denied of it."""

    settings: ServingSettings
    site: str
    pointer: Pointer
    denied: DenyList

    @property
    def name(self) -> str:
        """Name of its folder: another content or layout has another one."""
        own = self.pointer
        shape = f"{SCHEMA_VERSION}-{_LAYOUT}"
        digests = f"{own.sha256[:16]}.{self.denied.digest[:16]}"
        return f"{self.site}.{Path(own.snapshot_id).name}.{digests}.{shape}"

    def filled(self, place: Path) -> Path:
        """The folder, filled if it was not there, or not whole."""
        whole = place / self.name
        if not _is_whole(whole):
            shutil.rmtree(whole, ignore_errors=True)
            path = snapshot_path(self.settings.data, self.site, self.pointer.snapshot_id)
            if faults := list(file_faults(path, self.pointer)):
                raise SnapshotRefusedError(faults)
            begun = Path(tempfile.mkdtemp(prefix=f".{self.site}.", dir=place))
            try:
                _unfold(path, begun, self.denied, self.settings)
                _seal(begun)
                _sync(begun)
                begun.rename(whole)
            finally:
                shutil.rmtree(begun, ignore_errors=True)
        os.utime(whole)
        return whole


def _unfold(path: Path, folder: Path, denied: DenyList, settings: ServingSettings) -> None:
    threads, memory_mb = settings.load_threads, settings.load_memory_mb
    if not settings.load_apart:
        # Read with what a worker does without: DuckDB and Arrow take 60 MB.
        module = import_module("serving.unfolding")
        module.unfold(path, folder, denied, threads=threads, memory_mb=memory_mb)
        return
    listed = orjson.dumps({name: sorted(names) for name, names in asdict(denied).items()})
    command = [sys.executable, "-m", "serving.unfolding", str(path), str(folder)]
    done = subprocess.run(  # a long list of what is denied has no room in a command line
        [*command, str(threads), str(memory_mb)], input=listed, capture_output=True, check=False
    )
    if done.returncode == _REFUSED:
        raise SnapshotRefusedError(orjson.loads(done.stdout))
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SnapshotRefusedError([f"{path.name} cannot be read: {' '.join(said)[:300]}"])


def _seal(folder: Path) -> None:
    """Write down what is in a folder, so that one that lost something is known."""
    (folder / _SEAL).write_bytes(orjson.dumps(_sizes(folder)))


def _sync(folder: Path) -> None:
    """Have the disk hold a folder and all files in it."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds what it held when it was filled: a crash may empty files."""
    try:
        return bool(orjson.loads((folder / _SEAL).read_bytes()) == _sizes(folder))
    except (OSError, ValueError):
        return False


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.name != _SEAL}


@contextlib.contextmanager
def _locked(cache: Path, name: str, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock; whoever holds it may use the folder, or remove it with the lock.

    Raises
    ------
    BlockingIOError : another one holds it, and it is not to be waited for.
    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = cache / f"{name}.lock"
    while True:
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if _is_at(file, path):
                yield
                return


def _is_at(file: IO[str], path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _remove_old(cache: Path, site: str) -> None:
    """Remove all but the folders that were used last, and what a killed process left.

    A folder that another one uses, or that is about to be, stays: its lock is held.
    """
    for left in cache.glob(f".{site}.*/"):
        if _age_s(left) > _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    folders = sorted(cache.glob(f"{site}.*/"), key=_age_s)
    for folder in folders[_KEPT:]:
        with contextlib.suppress(BlockingIOError), _locked(cache, folder.name, wait=False):
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    """Seconds since it was used; no end where another process has removed it."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf
