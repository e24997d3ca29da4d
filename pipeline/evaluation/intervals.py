"""How sure a mean over users is: percentile bootstrap (Efron & Tibshirani 1993).

Users are drawn with replacement, the same draws for every column, so that the difference of
two columns is a paired one.  A column may be of some of the users only (a slice): each draw's
mean is then over those of them that were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Estimate", "Interval", "estimates", "intervals", "paired_difference"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A mean, and the means of the same draws of users as those of other estimates.

    Attributes
    ----------
    mean : NaN without users.
    samples : shape (resamples,); NaN where none of its users was drawn.
    n_users : users that it is a mean of.
    """

    mean: float
    samples: FloatArray
    n_users: int

    @property
    def interval(self) -> Interval:
        """The mean with its 95 % interval."""
        drawn = self.samples[~np.isnan(self.samples)]
        if not len(drawn):
            return Interval(self.mean, np.nan, np.nan)
        tail = (1 - _CONFIDENCE) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail])
        # Resampling sums in another order: a mean of equal values must not fall outside.
        return Interval(self.mean, min(float(low), self.mean), max(float(high), self.mean))

    def above(self, other: Estimate) -> Interval:
        """How far it is above another of the same users; an interval above 0 says better.

        Raises
        ------
        ValueError : the two have not the same number of users or of draws.
        """
        if (self.n_users, len(self.samples)) != (other.n_users, len(other.samples)):
            raise ValueError(f"{self.n_users} and {other.n_users} users cannot be paired")
        difference = self.samples - other.samples
        return Estimate(self.mean - other.mean, difference, self.n_users).interval


def estimates(values: FloatArray, *, seed: int, resamples: int = RESAMPLES) -> list[Estimate]:
    """Mean of each column with its resampled means; all columns share the draws.

    Parameters
    ----------
    values : shape (n_users, n_columns); NaN where a user is not of the column.
    """
    absent = np.isnan(values)
    sizes = len(values) - absent.sum(axis=0)
    filled = np.where(absent, 0.0, values)
    samples = _bootstrap_means(filled, absent, resamples, seed)  # (resamples, n_columns)
    totals = filled.sum(axis=0)
    means = np.divide(totals, sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
    return [
        Estimate(float(mean), samples[:, column], int(size))
        for column, (mean, size) in enumerate(zip(means, sizes, strict=True))
    ]


def intervals(values: FloatArray, *, seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Mean and interval of each column.

    Parameters
    ----------
    values : shape (n_users, n_columns); NaN where a user is not of the column.

    Returns
    -------
    One interval a column; all three NaN without users.
    """
    return [found.interval for found in estimates(values, seed=seed, resamples=resamples)]


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


def _bootstrap_means(
    filled: FloatArray, absent: NDArray[np.bool_], resamples: int, seed: int
) -> FloatArray:
    n_users = len(filled)
    means = np.full((resamples, filled.shape[1]), np.nan)
    if not n_users:
        return means
    random = np.random.default_rng(seed)
    members, group = _memberships(absent)
    batch = max(1, _BATCH_BYTES // (8 * n_users))
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        draws = random.integers(n_users, size=(size, n_users))
        draws += np.arange(size)[:, None] * n_users
        counts = np.bincount(draws.ravel(), minlength=size * n_users).reshape(size, n_users)
        weights = counts.astype(np.float64)
        drawn = (weights @ members)[:, group]  # (size, n_columns)
        totals = weights @ filled
        np.divide(totals, drawn, out=means[start : start + size], where=drawn > 0)
    return means


def _memberships(absent: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.int64]]:
    """The distinct sets of users as columns of 0 and 1, and the set of each column."""
    found: dict[bytes, int] = {}
    first: list[int] = []
    group = np.empty(absent.shape[1], np.int64)
    for column in range(absent.shape[1]):
        key = np.packbits(absent[:, column]).tobytes()
        if key not in found:
            found[key] = len(found)
            first.append(column)
        group[column] = found[key]
    return (~absent[:, first]).astype(np.float64), group  # (n_users, n_sets), (n_columns,)
