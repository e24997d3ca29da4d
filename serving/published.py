"""Whether a published file is the one that was published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.pointer import Pointer, file_sha256
from pipeline.tables import SCHEMA_VERSION

__all__ = ["file_faults"]


def file_faults(path: Path, pointer: Pointer) -> Iterator[str]:
    """Reasons not to open a snapshot's file; none where it is fit to be read.

    DuckDB checks its blocks only when they are read: the hash of the whole file says more.
    """
    if Path(pointer.snapshot_id).name != pointer.snapshot_id:
        yield f"snapshot_id {pointer.snapshot_id!r} is not a plain name"
        return
    if pointer.schema_version != SCHEMA_VERSION:
        yield (
            f"schema version {pointer.schema_version} is published, {SCHEMA_VERSION} is read: "
            "build the snapshot with the version of Likewise that serves it"
        )
    try:
        digest = file_sha256(path)
    except OSError as err:
        yield f"{path.name} cannot be read: {err.strerror}"
        return
    if digest != pointer.sha256:
        yield (
            f"{path.name} has SHA-256 {digest[:12]}..., published was {pointer.sha256[:12]}...: "
            "publish it again, or roll back"
        )
