"""What can go wrong while the default world is built.

DrawingsError
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["DrawingsError"]


class DrawingsError(Exception):
    """The world cannot be built; the message names every fault that was found."""

    def __init__(self, what: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("".join([what, *(f"\n  - {fault}" for fault in faults)]))
