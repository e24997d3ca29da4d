"""How sure a mean over users is: percentile bootstrap (Efron & Tibshirani 1993).

Users are drawn with replacement, the same draws for every column, so that the difference of
two models is a paired one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Interval", "intervals", "paired_difference"]

FloatArray = NDArray[np.float64]

RESAMPLES: Final = 1000
_CONFIDENCE: Final = 0.95
_BATCH_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals touch."""
        return self.low <= other.high and other.low <= self.high


def intervals(values: FloatArray, *, seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Mean and interval of each column.

    Parameters
    ----------
    values : shape (n_users, n_columns), no NaN.

    Returns
    -------
    One interval a column; all three NaN without users.
    """
    if not len(values):
        return [Interval(np.nan, np.nan, np.nan)] * values.shape[1]
    means = _bootstrap_means(values, resamples, seed)  # (resamples, n_columns)
    tail = (1 - _CONFIDENCE) / 2
    lows, highs = np.quantile(means, [tail, 1 - tail], axis=0)
    return [
        Interval(float(mean), float(low), float(high))
        for mean, low, high in zip(values.mean(axis=0), lows, highs, strict=True)
    ]


def paired_difference(
    a: FloatArray, b: FloatArray, *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Mean of ``a - b`` over the same users; an interval above 0 says that ``a`` is better.

    Raises
    ------
    ValueError : the two have not the same users.
    """
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} users cannot be paired")
    return intervals((a - b)[:, None], seed=seed, resamples=resamples)[0]


def _bootstrap_means(values: FloatArray, resamples: int, seed: int) -> FloatArray:
    n_users = len(values)
    random = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    batch = max(1, _BATCH_BYTES // (8 * n_users))
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        draws = random.integers(n_users, size=(size, n_users))
        draws += np.arange(size)[:, None] * n_users
        counts = np.bincount(draws.ravel(), minlength=size * n_users).reshape(size, n_users)
        means[start : start + size] = counts @ values / n_users
    return means
