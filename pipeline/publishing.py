"""Which snapshot of a site is served: publish, roll back, pin, list, keep the last few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from pipeline.errors import SnapshotError
from pipeline.pointer import (
    Pointer,
    file_sha256,
    read_pointer,
    site_folder,
    snapshot_path,
    write_pointer,
)
from pipeline.snapshot.files import (
    PUBLISH_LOCK,
    hash_path,
    kept_snapshots,
    locked,
    recorded_hash,
)
from pipeline.tables import SCHEMA_VERSION

__all__ = [
    "KEPT_SNAPSHOTS",
    "ListedSnapshot",
    "Publication",
    "list_snapshots",
    "pin",
    "prune",
    "publish",
    "rollback",
    "unpin",
]

KEPT_SNAPSHOTS: Final = 5


@dataclass(frozen=True, slots=True)
class Publication:
    """What stands published after `publish`.

    ``published`` is false where a pinned snapshot kept its place; ``pointer`` then names it.
    ``removed`` are the old snapshots that were dropped.
    """

    published: bool
    pointer: Pointer
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedSnapshot:
    """A snapshot on disk; ``fault`` says why its figures cannot be read."""

    snapshot_id: str
    size_bytes: int
    current: bool
    pinned: bool
    created_at: datetime | None = None
    n_users: int | None = None
    n_items: int | None = None
    n_likes: int | None = None
    fault: str | None = None


def publish(
    data: Path, site: str, snapshot_id: str | None = None, *, keep: int = KEPT_SNAPSHOTS
) -> Publication:
    """Publish a snapshot, unless another one is pinned, and drop the oldest beyond ``keep``.

    Parameters
    ----------
    snapshot_id : the newest on disk where None.

    Raises
    ------
    SnapshotError : no such snapshot, a file that is not what was built, or another schema
        version; what was published stays.
    """
    with _alone(data, site):
        chosen = snapshot_id or _newest(data, site)
        candidate = _checked(data, site, chosen)
        current = _pointer(data, site)
        if current is not None and current.pinned and current.snapshot_id != chosen:
            return Publication(published=False, pointer=current, removed=prune(data, site, keep))
        pinned = current is not None and current.pinned
        write_pointer(data, site, replace(candidate, pinned=pinned))
        return Publication(True, _published(data, site), prune(data, site, keep))  # noqa: FBT003


def rollback(data: Path, site: str, to: str | None = None) -> Pointer:
    """Publish an earlier snapshot and pin it, so that no refresh replaces it.

    Parameters
    ----------
    to : the one before the published one where None.

    Raises
    ------
    SnapshotError : nothing is published, nothing stands before it, or the earlier file is
        not what was built.
    """
    with _alone(data, site):
        chosen = to or _before(data, site, _published(data, site).snapshot_id)
        write_pointer(data, site, replace(_checked(data, site, chosen), pinned=True))
        return _published(data, site)


def pin(data: Path, site: str) -> Pointer:
    """Keep the published snapshot published, whatever a refresh builds.

    Raises
    ------
    SnapshotError : nothing is published.
    """
    return _set_pinned(data, site, pinned=True)


def unpin(data: Path, site: str) -> Pointer:
    """Let the next publication replace the published snapshot.

    Raises
    ------
    SnapshotError : nothing is published.
    """
    return _set_pinned(data, site, pinned=False)


def list_snapshots(data: Path, site: str) -> list[ListedSnapshot]:
    """Snapshots on disk, newest first."""
    pointer = _pointer(data, site)
    return [_listed(data, site, name, pointer) for name in reversed(kept_snapshots(data, site))]


def prune(data: Path, site: str, keep: int = KEPT_SNAPSHOTS) -> tuple[str, ...]:
    """Remove all but the newest ``keep`` snapshots, never the published one; ids removed.

    A reader that has a removed file open keeps reading it.
    """
    pointer = _pointer(data, site)
    current = None if pointer is None else pointer.snapshot_id
    names = kept_snapshots(data, site)
    others = [name for name in names if name != current]
    spare = others[: max(0, len(names) - keep)]
    for name in spare:
        snapshot_path(data, site, name).unlink()
        hash_path(data, site, name).unlink(missing_ok=True)
    return tuple(spare)


@contextmanager
def _alone(data: Path, site: str) -> Iterator[None]:
    """Hold the lock of publishing; a site that was never built gets no folder by it."""
    if not site_folder(data, site).is_dir():
        raise SnapshotError(f"no snapshot of {site} under {data}; run a refresh first")
    with locked(data, site, PUBLISH_LOCK):
        yield


def _set_pinned(data: Path, site: str, *, pinned: bool) -> Pointer:
    with _alone(data, site):
        write_pointer(data, site, replace(_published(data, site), pinned=pinned))
        return _published(data, site)


def _checked(data: Path, site: str, snapshot_id: str) -> Pointer:
    """Pointer to a snapshot whose file is, byte for byte, the one that was verified."""
    if snapshot_id not in kept_snapshots(data, site):
        raise SnapshotError(
            f"no snapshot {snapshot_id!r} of {site}; `python -m pipeline list --site {site}` "
            "names those on disk"
        )
    path = snapshot_path(data, site, snapshot_id)
    recorded = recorded_hash(data, site, snapshot_id)
    found = file_sha256(path)
    if found != recorded:
        raise SnapshotError(
            f"{path} has SHA-256 {found}, built was {recorded}: the file is damaged; "
            "publish another snapshot or build a new one"
        )
    version = _schema_version(path)
    if version != SCHEMA_VERSION:
        raise SnapshotError(
            f"{path} has schema version {version}, this software serves {SCHEMA_VERSION}; "
            "build a new snapshot"
        )
    return Pointer(snapshot_id, found, version, datetime.now(UTC).isoformat(timespec="seconds"))


def _schema_version(path: Path) -> int:
    try:
        with duckdb.connect(path, read_only=True) as connection:
            row = connection.execute("SELECT schema_version FROM snapshot_info").fetchone()
    except duckdb.Error as err:
        raise SnapshotError(f"{path} cannot be read: {err}; build a new snapshot") from err
    if row is None:
        raise SnapshotError(f"{path} says nothing of itself; build a new snapshot")
    return int(row[0])


def _newest(data: Path, site: str) -> str:
    names = kept_snapshots(data, site)
    if not names:
        raise SnapshotError(f"no snapshot of {site} under {data}; run a refresh first")
    return names[-1]


def _before(data: Path, site: str, snapshot_id: str) -> str:
    earlier = [name for name in kept_snapshots(data, site) if name < snapshot_id]
    if not earlier:
        raise SnapshotError(
            f"no snapshot of {site} before {snapshot_id} is kept: there is nothing to roll back to"
        )
    return earlier[-1]


def _pointer(data: Path, site: str) -> Pointer | None:
    try:
        return read_pointer(data, site)
    except ValueError as err:
        raise SnapshotError(f"{err}; move it away and publish a snapshot by its id") from err


def _published(data: Path, site: str) -> Pointer:
    pointer = _pointer(data, site)
    if pointer is None:
        raise SnapshotError(f"nothing of {site} is published under {data}; publish a snapshot")
    return pointer


def _listed(data: Path, site: str, name: str, pointer: Pointer | None) -> ListedSnapshot:
    path = snapshot_path(data, site, name)
    current = pointer is not None and pointer.snapshot_id == name
    base = ListedSnapshot(
        name,
        path.stat().st_size,
        current,
        pinned=current and pointer is not None and pointer.pinned,
    )
    try:
        with duckdb.connect(path, read_only=True) as connection:
            row = connection.execute(
                "SELECT epoch(created_at), n_users, n_items, n_likes FROM snapshot_info"
            ).fetchone()
    except duckdb.Error as err:
        return replace(base, fault=str(err).splitlines()[0])
    if row is None:
        return replace(base, fault="snapshot_info is empty")
    seconds, users, items, likes = row
    created_at = datetime.fromtimestamp(seconds, UTC)
    return replace(base, created_at=created_at, n_users=users, n_items=items, n_likes=likes)
