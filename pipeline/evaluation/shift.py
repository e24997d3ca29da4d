"""Whether popularity has moved between what models know and the test part.

Each item's test likes are held against the number that chance alone gives.  Where they spread
much wider, what is popular in training is not what is popular in the test part, and a ranking
of models on validation likes may not hold on test likes (the public Gowalla split is so).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["Shift", "popularity_shift", "z_scores_of_test_counts"]

FloatArray = NDArray[np.float64]

_FLOORS: Final = (200, 100, 50, 20)
_LEAST_ITEMS: Final = 30
_CLEARLY_ABOVE: Final = 1.25
_STANDARD_ERRORS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the test likes of items spread about what chance gives.

    Attributes
    ----------
    spread : standard deviation of z-scores, near 1 for an i.i.d. test part; NaN where too few
        items have likes enough.
    n_items : items that were looked at.
    floor : each of them has more interactions than this.
    """

    spread: float
    n_items: int
    floor: int

    @property
    def warns(self) -> bool:
        """Whether the spread is clearly above 1.

        The spread of m standard normal values has a standard error of 1 / sqrt(2 m); 5 of
        them, and at least a quarter, leave random splits alone.
        """
        if np.isnan(self.spread):
            return False
        error = 1 / np.sqrt(2 * self.n_items)
        return bool(self.spread > max(_CLEARLY_ABOVE, 1 + _STANDARD_ERRORS * error))

    @property
    def sentence(self) -> str:
        """What was found, for a report."""
        if np.isnan(self.spread):
            return (
                f"Popularity in train and test: not compared, {self.n_items} items have more than "
                f"{self.floor} likes, {_LEAST_ITEMS} are needed."
            )
        lowered = "" if self.floor == _FLOORS[0] else f" (too few have more than {_FLOORS[0]})"
        found = (
            f"z-scores of the test counts of {self.n_items:,} items with more than {self.floor} "
            f"likes{lowered} spread {self.spread:.2f}, 1 is what chance gives"
        )
        if self.warns:
            return (
                f"Warning: popularity has shifted between train and test: {found}; "
                "a ranking of models on validation likes may mislead."
            )
        return f"Popularity is the same in train and test: {found}."


def popularity_shift(known: csr_matrix, test: csr_matrix, *, by_user: bool = False) -> Shift:
    """Spread of test counts over the items with more than 200 interactions.

    With fewer than 30 such items, over those with more than 100, 50 or 20.

    Parameters
    ----------
    known, test : shape (n_users, n_items), disjoint; a stored entry is a like.
    by_user : the split drew a share of each user's likes, which differs between users.
    """
    counts = np.bincount(known.indices, minlength=known.shape[1])
    counts += np.bincount(test.indices, minlength=test.shape[1])
    z = z_scores_of_test_counts(known, test, by_user=by_user)
    usable = ~np.isnan(z)
    for floor in _FLOORS:
        looked_at = z[usable & (counts > floor)]
        if len(looked_at) >= _LEAST_ITEMS:
            return Shift(float(looked_at.std()), len(looked_at), floor)
    return Shift(float("nan"), len(looked_at), _FLOORS[-1])


def z_scores_of_test_counts(
    known: csr_matrix, test: csr_matrix, *, by_user: bool = False
) -> FloatArray:
    """(test likes - their mean) / their standard deviation of each item, if likes were drawn.

    Each like is in the test part with the overall share of test likes (binomial counts), or
    with that of its user.

    Returns
    -------
    shape (n_items,); NaN where chance leaves no room.
    """
    shares = _test_shares(known, test, by_user=by_user)  # (n_users,)
    mean, variance = np.zeros(known.shape[1]), np.zeros(known.shape[1])
    for part in (known, test):
        share = np.repeat(shares, np.diff(part.indptr))
        mean += np.bincount(part.indices, share, minlength=part.shape[1])
        variance += np.bincount(part.indices, share * (1 - share), minlength=part.shape[1])
    found = np.bincount(test.indices, minlength=test.shape[1])
    z = np.full(len(found), np.nan)
    np.divide(found - mean, np.sqrt(variance), out=z, where=variance > 0)
    return z


def _test_shares(known: csr_matrix, test: csr_matrix, *, by_user: bool) -> FloatArray:
    tested = np.diff(test.indptr).astype(np.float64)
    likes = tested + np.diff(known.indptr)
    if not by_user:
        return np.full(len(likes), tested.sum() / max(likes.sum(), 1))
    return np.divide(tested, likes, out=np.zeros(len(likes)), where=likes > 0)
