"""What sums over rows of arrays need, in the doors of sums and in models: numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["near_one"]


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
