"""A split on disk: its parts as the curated table, how it was made in the file's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.dataset.curated import Curated, read_metadata, require_curated, write_curated
from pipeline.dataset.splits import Split, SplitKind
from pipeline.errors import CuratedZoneError

__all__ = ["read_split", "write_split"]

_KIND: Final = "likewise.split.kind"
_SEED: Final = "likewise.split.seed"


def write_split(data: Path, site: str, split: Split) -> Path:
    """Replace a site's split atomically; returns its file."""
    metadata = {_KIND: split.kind.value, _SEED: str(split.seed)}
    return write_curated(data, site, Curated.SPLIT, split.parts, metadata=metadata)


def read_split(data: Path, site: str) -> Split:
    """Split written by `write_split`.

    Raises
    ------
    CuratedZoneError : there is none, or its file does not say how it was made.
    """
    parts = require_curated(data, site, Curated.SPLIT)
    metadata = read_metadata(data, site, Curated.SPLIT)
    try:
        return Split(parts, SplitKind(metadata[_KIND]), int(metadata[_SEED]))
    except (KeyError, ValueError) as err:
        raise CuratedZoneError(
            f"the split of {site} does not say how it was made: split the interactions again"
        ) from err
