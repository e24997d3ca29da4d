"""Places of a score matrix as 64-bit keys that sort by row, falling score and column.

A key holds 8 bits of row, 32 of score and 24 of column: one sort of integers orders all three.
The bits of floats, read as integers, rise with the floats where these are positive and fall with
them where these are negative.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KEY_COLUMNS",
    "KEY_ROWS",
    "NO_KEY",
    "Keys",
    "best_of_keys",
    "columns_of",
    "keys_of",
    "scores_of",
]

KEY_ROWS: Final = 1 << 8
KEY_COLUMNS: Final = 1 << 24
_HIGHEST: Final = np.uint32(0x7FFFFFFF)
_COLUMN_BITS: Final = np.uint64(KEY_COLUMNS - 1)

NO_KEY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Stands after every key; no place has it, as scores that are NaN have no key."""

Keys = NDArray[np.uint64]


def keys_of(row: NDArray[np.int64], score: NDArray[np.float32], column: NDArray[np.int64]) -> Keys:
    """A key of each place.

    Parameters
    ----------
    row, column : less than 256 and 16,777,216.
    score : no NaN; -0 counts as 0.
    """
    bits = (score + np.float32(0)).view(np.uint32)  # -0 is 0
    falling = np.where(bits > _HIGHEST, bits, _HIGHEST - bits).astype(np.uint64)
    place = np.asarray(row << 56 | column).view(np.uint64)
    return np.asarray(place | falling << np.uint64(24))


def columns_of(keys: Keys) -> NDArray[np.int64]:
    """Column of each key."""
    return (keys & _COLUMN_BITS).astype(np.int64)


def scores_of(keys: Keys) -> NDArray[np.float32]:
    """Score of each key, bit by bit but for -0, which is 0."""
    falling = (keys >> np.uint64(24)).astype(np.uint32)
    return np.where(falling > _HIGHEST, falling, _HIGHEST - falling).view(np.float32)


def best_of_keys(keys: Keys, found: Keys) -> Keys:
    """The first keys of each row, as many as were found before, these among them.

    Rows are laid side by side and sorted each by itself, which takes a fraction of the time of
    one sort of all.

    Parameters
    ----------
    found : shape (n, k); `NO_KEY` pads.

    Returns
    -------
    shape (n, k), each row sorted; `NO_KEY` pads.
    """
    n, k = found.shape
    row = (keys >> np.uint64(56)).astype(np.uint8)
    counts = np.bincount(row, minlength=n)
    width = k + int(counts.max(initial=0))
    table = np.full((n, width), NO_KEY)
    table[:, :k] = found
    first = np.arange(n) * width + k  # place of each row's first new key
    places = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(len(keys))
    table.reshape(-1)[places] = keys[np.argsort(row, kind="stable")]
    table.sort(axis=1)
    return table[:, :k]
