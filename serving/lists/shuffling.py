"""A random order that needs no memory: which item stands at a place is computed from a seed.

A Feistel network over pairs of numbers below the least ``side`` whose square holds all places is
a bijection whatever its round function is; places that leave the range are walked on until they
are back in it (Black & Rogaway 2002, Ciphers with arbitrary finite domains, section 5).
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_SEED", "shuffled"]

MAX_SEED: Final = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly."""
_ROUNDS: Final = 6
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_HALF: Final = np.uint64(32)


def shuffled(places: NDArray[np.integer], n: int, seed: int) -> NDArray[np.int64]:
    """What stands at some places of the random order of ``range(n)`` that a seed names.

    Parameters
    ----------
    places : each in [0, n), in any order.
    """
    side = np.uint64(math.isqrt(max(n - 1, 0)) + 1)
    keys = np.frombuffer(
        hashlib.blake2b(seed.to_bytes(8, "big"), digest_size=8 * _ROUNDS).digest(), np.uint64
    )
    walked = _permuted(places.astype(np.uint64), side, keys)
    while (outside := walked >= n).any():
        walked[outside] = _permuted(walked[outside], side, keys)
    return walked.astype(np.int64)


def _permuted(
    values: NDArray[np.uint64], side: np.uint64, keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    left, right = np.divmod(values, side)
    for key in keys:
        left, right = right, (left + _hashed(right ^ key)) % side
    return np.asarray(left * side + right, np.uint64)


def _hashed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """32 bits of which each depends on every bit of a value."""
    values = values * _MIX[0]
    return ((values ^ (values >> _HALF)) * _MIX[1]) >> _HALF
