"""Which drawings make the world: by folder, licence, name, deny list, and a cap per creator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from scrapers.replica.drawings.catalogue import Drawing

__all__ = ["Selection", "candidates", "select"]

# Sets of near-equal pieces, symbols, and folders that are denied whole.
_LEFT_OUT: Final = re.compile(
    r"shapes/(?!jigsaw/)|signs_and_symbols/(?!(weather|clocks|awards)/)|computer/(icons|buttons)/"
    r"|special/|logos/|buttons/|recreation/(games/cards|religion)/|transportation/roadsigns/"
    r"|transportation/vehicles/hummers/|tools/weapons/|people/clothing/pantyhose/"
    r"|unsorted/duplicates/"
)


@dataclass(frozen=True)
class Selection:
    """Bounds of the choice.

    Parameters
    ----------
    per_creator : most drawings of one creator; the best described ones stay.
    """

    per_creator: int = 220

    def __post_init__(self) -> None:
        if self.per_creator < 1:
            raise ValueError(f"per_creator is {self.per_creator}; it must be at least 1")


def candidates(drawings: Iterable[Drawing]) -> list[Drawing]:
    """Drawings in the public domain with a named creator, out of folders that suit a shelf."""
    return [
        drawing
        for drawing in drawings
        if drawing.public_domain
        and drawing.creator
        and drawing.title
        and not _LEFT_OUT.match(drawing.path)
    ]


def select(
    drawings: Iterable[Drawing], denied: Mapping[str, str], bounds: Selection | None = None
) -> list[Drawing]:
    """Candidates that are not denied, within the bounds, in the order of their paths."""
    limit = (bounds or Selection()).per_creator
    kept: list[Drawing] = []
    held: Counter[str] = Counter()
    allowed = (drawing for drawing in candidates(drawings) if drawing.path not in denied)
    for drawing in sorted(allowed, key=_rank):
        if held[drawing.creator] < limit:
            held[drawing.creator] += 1
            kept.append(drawing)
    return sorted(kept, key=lambda drawing: drawing.path)


def _rank(drawing: Drawing) -> tuple[int, str]:
    """Two tags or more first, then a hash, so that no folder is cut off."""
    return -min(len(drawing.tags), 2), drawing.item_id
