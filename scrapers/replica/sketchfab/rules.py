"""What the real site allows, with the reason or the evidence of each figure."""

from __future__ import annotations

from typing import Final

__all__ = [
    "GRID_PAGE_SIZE",
    "LANDING_SIZE",
    "MAX_COUNT",
    "THUMBNAIL_SIZES",
    "TITLE",
    "like_count_text",
]

TITLE: Final = "Sketchfab (stand-in)"

GRID_PAGE_SIZE: Final = 24
"""Models that the infinite grid loads at a time (2016)."""

MAX_COUNT: Final = 24
"""Rows of a page of likes or models; the real site answers 24 whatever more is asked for."""

THUMBNAIL_SIZES: Final = (64, 160, 320)
"""Pixels; the real site offers several sizes up to 1920, a world has 320 at most."""

LANDING_SIZE: Final = 48
"""Pictures on the front page, which the real site does not have in this form."""

_ROUNDED_FROM: Final = 1000


def like_count_text(count: int) -> str:
    """A like count as the grid writes it: ``999``, ``1k``, ``1.2k`` (cut, not rounded up)."""
    if count < _ROUNDED_FROM:
        return str(count)
    return f"{count // 100 / 10:g}k"
