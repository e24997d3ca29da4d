"""Door 2: which snapshot of a site is current.

``<data>/snapshots/<site>/current.json`` names the published snapshot; it is replaced by a
rename, so a reader sees the old one or the new one, never a part.  Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

__all__ = [
    "POINTER_NAME",
    "RESERVED_NAMES",
    "SITE_NAME_PATTERN",
    "Pointer",
    "file_sha256",
    "published_sites",
    "read_pointer",
    "site_folder",
    "snapshot_path",
    "write_pointer",
]

POINTER_NAME: Final = "current.json"
SITE_NAME_PATTERN: Final = r"[a-z][a-z0-9_-]*"
RESERVED_NAMES: Final = frozenset(
    ("about", "admin", "docs", "health", "metrics", "static", "thumb", "v1")
)
"""What begins other addresses of the service: no page of such a site could be reached."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The published snapshot; ``published_at`` is ISO 8601 in UTC.

    ``pinned`` snapshots stay published until unpinned, whatever a refresh builds.
    """

    snapshot_id: str
    sha256: str
    schema_version: int
    published_at: str
    pinned: bool = False


def site_folder(data: Path, site: str) -> Path:
    """Folder of a site's snapshots and pointer.

    Raises
    ------
    ValueError : the name is not of the form of a site's name.
    """
    if not re.fullmatch(SITE_NAME_PATTERN, site):
        raise ValueError(f"site name {site!r} does not match {SITE_NAME_PATTERN}")
    return data / "snapshots" / site


def snapshot_path(data: Path, site: str, snapshot_id: str) -> Path:
    """File of a snapshot, whether it exists or not."""
    return site_folder(data, site) / f"{snapshot_id}.duckdb"


def published_sites(data: Path) -> list[str]:
    """Names of the sites with a published snapshot, sorted."""
    return sorted(path.parent.name for path in (data / "snapshots").glob(f"*/{POINTER_NAME}"))


def read_pointer(data: Path, site: str) -> Pointer | None:
    """Pointer of a site; None where nothing is published.

    Raises
    ------
    ValueError : the file is not a pointer.
    """
    path = site_folder(data, site) / POINTER_NAME
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Pointer(**fields)
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as err:
        raise ValueError(f"{path} is not a pointer: {err}") from err


def write_pointer(data: Path, site: str, pointer: Pointer) -> None:
    """Publish: the pointer stands whole on disk, or the old one still does."""
    folder = site_folder(data, site)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".pointer-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(pointer), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(folder / POINTER_NAME)
    finally:
        temporary.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a whole file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
