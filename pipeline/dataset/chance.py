"""What chance alone may do to a share of few rows."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betaln, gammaln

__all__ = ["plausible_shares"]

_MOST: Final = 1_000
"""More rows tell a share no finer than any limit needs."""


def plausible_shares(share: float, n: int, n_next: int, *, chance: float) -> tuple[float, float]:
    """Lowest and highest share that the next rows have, but for so small a chance at each end.

    The predictive distribution of a binomial share under a uniform prior is beta-binomial
    (Gelman et al. 2013, Bayesian Data Analysis, section 2.3), so a share of few rows says
    little, of what it was and of what it is.

    Parameters
    ----------
    share : of ``n`` rows; both at least 1 row.
    n_next : number of the next rows.
    """
    known, size = min(n, _MOST), min(n_next, _MOST)
    a, b = 1 + share * known, 1 + (1 - share) * known
    hits = np.arange(size + 1)
    ways = gammaln(size + 1) - gammaln(hits + 1) - gammaln(size - hits + 1)
    density = np.exp(ways + betaln(hits + a, size - hits + b) - betaln(a, b))
    below = np.cumsum(density)
    above = np.cumsum(density[::-1])
    low = int(np.searchsorted(below, chance, side="right"))
    high = size - int(np.searchsorted(above, chance, side="right"))
    return min(low, size) / size, max(high, 0) / size
