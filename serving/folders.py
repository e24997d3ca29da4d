"""Where snapshots lie unfolded: folders that are filled once and mapped by every worker."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Final

import orjson

from pipeline.deny import DenyList
from pipeline.pointer import Pointer, snapshot_path
from pipeline.tables import SCHEMA_VERSION
from serving.errors import SnapshotRefusedError
from serving.published import file_faults
from serving.settings import ServingSettings

__all__ = ["unfolded"]

_LAYOUT: Final = 1  # of the folders: another one is never read
_REFUSED: Final = 3
_KEPT: Final = 3


@contextlib.contextmanager
def unfolded(
    settings: ServingSettings, site: str, pointer: Pointer, denied: DenyList
) -> Iterator[Path]:
    """The folder of a published snapshot, whole; it may be removed once it has been mapped.

    Raises
    ------
    SnapshotRefusedError : the published file is not fit to be served.
    """
    if settings.cache is None:
        with tempfile.TemporaryDirectory(prefix="likewise-") as place:
            yield _filled(Path(place), "own", settings, site, pointer, denied)
        return
    settings.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(settings.cache / f".{site}.lock"):
        _remove_old(settings.cache, site)
        yield _filled(settings.cache, _name(site, pointer, denied), settings, site, pointer, denied)


def _name(site: str, pointer: Pointer, denied: DenyList) -> str:
    shape = f"{SCHEMA_VERSION}-{_LAYOUT}"
    return f"{site}.{pointer.snapshot_id}.{pointer.sha256[:16]}.{denied.digest[:16]}.{shape}"


def _filled(  # noqa: PLR0917  the parts of one name
    place: Path,
    name: str,
    settings: ServingSettings,
    site: str,
    pointer: Pointer,
    denied: DenyList,
) -> Path:
    faults = [] if (place / name).is_dir() else list(_faults(settings, site, pointer))
    if faults:
        raise SnapshotRefusedError(faults)
    whole = place / name
    if not whole.is_dir():
        begun = Path(tempfile.mkdtemp(prefix=f".{site}.", dir=place))
        try:
            path = snapshot_path(settings.data, site, pointer.snapshot_id)
            _unfold(path, begun, denied, settings)
            begun.rename(whole)
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    os.utime(whole)
    return whole


def _faults(settings: ServingSettings, site: str, pointer: Pointer) -> Iterator[str]:
    yield from file_faults(snapshot_path(settings.data, site, pointer.snapshot_id), pointer)


def _unfold(path: Path, folder: Path, denied: DenyList, settings: ServingSettings) -> None:
    threads, memory_mb = settings.load_threads, settings.load_memory_mb
    if not settings.load_apart:
        # Read with what a worker does without: DuckDB and Arrow take 60 MB.
        module = import_module("serving.unfolding")
        module.unfold(path, folder, denied, threads=threads, memory_mb=memory_mb)
        return
    listed = orjson.dumps({name: sorted(names) for name, names in asdict(denied).items()})
    command = [sys.executable, "-m", "serving.unfolding", str(path), str(folder)]
    done = subprocess.run(
        [*command, listed.decode(), str(threads), str(memory_mb)], capture_output=True, check=False
    )
    if done.returncode == _REFUSED:
        raise SnapshotRefusedError(orjson.loads(done.stdout))
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SnapshotRefusedError([f"{path.name} cannot be read: {' '.join(said)[:300]}"])


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(cache: Path, site: str) -> None:
    """Remove all but the folders that were used last, and what a killed process left."""
    for left in cache.glob(f".{site}.*/"):
        shutil.rmtree(left, ignore_errors=True)
    folders = sorted(cache.glob(f"{site}.*/"), key=lambda path: path.stat().st_mtime)
    for folder in folders[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
