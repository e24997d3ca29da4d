"""Files of a site's snapshots: names, hashes beside them, locks.

``<data>/snapshots/<site>/`` holds ``<snapshot_id>.duckdb`` (read-only), its SHA-256 in
``<snapshot_id>.duckdb.sha256`` (the form of ``sha256sum``), the pointer and two lock files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline import files
from pipeline.errors import SnapshotError
from pipeline.files import write_text
from pipeline.pointer import site_folder, snapshot_path

__all__ = [
    "BUILD_LOCK",
    "PUBLISH_LOCK",
    "SNAPSHOT_ID_PATTERN",
    "hash_path",
    "kept_snapshots",
    "locked",
    "recorded_hash",
    "write_hash",
]

SNAPSHOT_ID_PATTERN: Final = r"\d{8}T\d{6}Z-[0-9a-f]{6}"
BUILD_LOCK: Final = ".build.lock"
PUBLISH_LOCK: Final = ".publish.lock"


def kept_snapshots(data: Path, site: str) -> list[str]:
    """Ids of the snapshots that are on disk, oldest first; empty where none was built."""
    names = (path.stem for path in site_folder(data, site).glob("*.duckdb"))
    return sorted(name for name in names if re.fullmatch(SNAPSHOT_ID_PATTERN, name))


def hash_path(data: Path, site: str, snapshot_id: str) -> Path:
    """File that holds the SHA-256 of a snapshot's file."""
    path = snapshot_path(data, site, snapshot_id)
    return path.with_name(path.name + ".sha256")


def write_hash(data: Path, site: str, snapshot_id: str, sha256: str) -> None:
    """Keep the hash of a snapshot's file beside it."""
    name = snapshot_path(data, site, snapshot_id).name
    write_text(hash_path(data, site, snapshot_id), f"{sha256}  {name}\n")


def recorded_hash(data: Path, site: str, snapshot_id: str) -> str:
    """SHA-256 that the snapshot's file had when it was built.

    Raises
    ------
    SnapshotError : no hash stands beside it.
    """
    path = hash_path(data, site, snapshot_id)
    try:
        return path.read_text("utf-8").split()[0]
    except (FileNotFoundError, IndexError) as err:
        raise SnapshotError(
            f"{path} is missing or empty: snapshot {snapshot_id} cannot be trusted; build a new one"
        ) from err


@contextmanager
def locked(data: Path, site: str, name: str) -> Iterator[None]:
    """Hold one of the site's locks; waits while another process or thread holds it.

    The operating system drops the lock when its holder dies.
    """
    path = site_folder(data, site) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with files.locked(path):
        yield
