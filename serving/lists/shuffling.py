"""A random order that needs no memory: which item stands at a place is computed from a seed.

A Feistel network over the smallest even number of bits that holds all places is a bijection
whatever its round function is; places that leave the range are walked on until they are back in
it (Black & Rogaway 2002, Ciphers with arbitrary finite domains, section 4).
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_SEED", "shuffled"]

MAX_SEED: Final = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly."""
_ROUNDS: Final = 8
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31))


def shuffled(places: NDArray[np.integer], n: int, seed: int) -> NDArray[np.int64]:
    """What stands at some places of the random order of ``range(n)`` that a seed names.

    Parameters
    ----------
    places : each in [0, n), in any order.
    """
    half_bits = np.uint64(max(1, ((n - 1).bit_length() + 1) // 2))
    keys = np.frombuffer(
        hashlib.blake2b(seed.to_bytes(8, "big"), digest_size=8 * _ROUNDS).digest(), np.uint64
    )
    walked = _permuted(places.astype(np.uint64), half_bits, keys)
    while (outside := walked >= n).any():
        walked[outside] = _permuted(walked[outside], half_bits, keys)
    return walked.astype(np.int64)


def _permuted(
    values: NDArray[np.uint64], half_bits: np.uint64, keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    mask = (np.uint64(1) << half_bits) - np.uint64(1)
    left, right = values >> half_bits, values & mask
    for key in keys:
        left, right = right, left ^ (_hashed(right ^ key) & mask)
    return np.asarray(left << half_bits | right, np.uint64)


def _hashed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finalizer of SplitMix64: each bit in changes each bit out half of the time."""
    values = (values ^ (values >> _SHIFTS[0])) * _MIX[0]
    values = (values ^ (values >> _SHIFTS[1])) * _MIX[1]
    return values ^ (values >> _SHIFTS[2])
