"""What sums over rows of arrays need, in the doors of sums and in models: numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Positions", "entries", "near_one", "refuse_unknown"]

Positions = NDArray[np.integer]


def refuse_unknown(items: Positions, n_items: int) -> None:
    """Ensure that these are positions among so many items.

    Raises
    ------
    ValueError : any that is not.
    """
    if len(items) and not 0 <= items.min() <= items.max() < n_items:
        raise ValueError(
            f"item positions {items.min()} to {items.max()} do not fit {n_items} items "
            f"(0 to {n_items - 1})"
        )


def entries(indptr: Positions, items: Positions) -> tuple[Positions, Positions]:
    """Where the entries of some rows of a CSR matrix stand.

    Returns
    -------
    places : of all entries, one row after the other.
    lengths : how many each of the rows has.

    Raises
    ------
    ValueError : an item that is no row.
    """
    refuse_unknown(items, len(indptr) - 1)
    starts = indptr[items]
    lengths = indptr[items + 1] - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum()), lengths


def near_one(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row times a power of two, so that its largest absolute value is in [0.5, 1).

    Squares of the result neither overflow nor vanish beside that of the largest; a row of
    zeros stays one.

    Parameters
    ----------
    rows : finite, shape (n, >= 1).
    """
    _, exponents = np.frexp(np.abs(rows).max(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = np.ldexp(rows, -exponents)
    return scaled
