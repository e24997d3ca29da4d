"""Products that may be among the k highest of their row, kept while others are still multiplied.

Products come in panels.  What reaches the bound of its row is kept as a key; once there are some
of each row the keys are sorted, all but the k best are left out, and the k-th is the next bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recommenders.score_keys import NO_KEY, Keys, best_of_keys, keys_of, scores_of

__all__ = ["KeptProducts", "Panel"]

_FRESH_PER_K: Final = 2  # keys of a row, on average, before they are sorted
_LEAST_FRESH: Final = 64
_MOST_SHARES: Final = 8  # of one row: all rows are sorted in a table as wide as the fullest
_BLOCKS_PER_K: Final = 5  # leave 1.1 products of the first panel for each that is listed
_LOWEST: Final = np.finfo(np.float32).min  # which -inf does not reach

_Floats = NDArray[np.float32]
_Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Products of some items with some rows.

    Attributes
    ----------
    products : shape (n_items, n_rows); ``-inf`` of what is never listed.
    rows : the row of each column, ascending.
    items : of each line, by which equal products go; less than 16,777,216.
    """

    products: _Floats
    rows: _Places
    items: _Places


class KeptProducts:
    """What may be listed of up to 256 rows, by the panels so far.

    Attributes
    ----------
    k : how many are listed of a row.
    share : fresh keys of a row, on average, before they are sorted.
    bounds : at most the k-th highest product of each row, shape (n_rows,).
    found : keys of the best when they were last sorted, shape (n_rows, k); `NO_KEY` pads.
    fresh : keys since then, an array a panel.
    n_fresh : how many of each row, shape (n_rows,).
    """

    def __init__(self, n_rows: int, k: int) -> None:
        self.k = k
        self.share = max(_FRESH_PER_K * k, _LEAST_FRESH)
        self.bounds = np.full(n_rows, _LOWEST, np.float32)
        self.found = np.full((n_rows, k), NO_KEY)
        self.fresh: list[Keys] = []
        self.n_fresh = np.zeros(n_rows, np.int64)

    def best(self) -> Keys:
        """Keys of the k highest products of each row, shape (n_rows, k); `NO_KEY` pads."""
        if self.fresh:
            self._sort()
        return self.found

    def raise_bounds(self, panel: Panel) -> None:
        """To the k-th highest of the maxima of disjoint blocks of a panel, where it is higher."""
        n_items, n_rows = panel.products.shape
        depth = max(n_items // (_BLOCKS_PER_K * self.k), 2)
        n_blocks = n_items // depth
        if n_blocks <= self.k:
            return
        blocks = panel.products[: depth * n_blocks].reshape(depth, n_blocks, n_rows)
        maxima = np.ascontiguousarray(blocks.max(axis=0).T)  # (n_rows, n_blocks)
        kth = np.partition(maxima, n_blocks - self.k, axis=1)[:, n_blocks - self.k]
        self.bounds[panel.rows] = np.maximum(self.bounds[panel.rows], kth)

    def keep(self, panel: Panel, reaching: _Places) -> bool:
        """Keep what reaches the bounds; whether this made them rise.

        Parameters
        ----------
        reaching : flat places in the panel, ascending: each product that reaches its bound.
        """
        n_rows = len(panel.rows)
        line = reaching // n_rows
        column = reaching - line * n_rows
        counts = np.bincount(column, minlength=n_rows)
        is_crowded = counts > self.share
        if is_crowded.any():
            self._keep_best(panel, np.flatnonzero(is_crowded))
            counts[is_crowded] = self.k
            others = ~is_crowded[column]
            reaching, line, column = reaching[others], line[others], column[others]
        self._add(panel, line, column, panel.products.reshape(-1)[reaching])
        self.n_fresh[panel.rows] += counts
        is_due = bool(
            self.n_fresh.sum() >= self.share * n_rows
            or self.n_fresh.max() >= _MOST_SHARES * self.share
        )
        if is_due:
            self._sort()
        return is_due

    def _keep_best(self, panel: Panel, crowded: _Places) -> None:
        """Keep the k best alone of columns where equal products, or rising ones, leave far more."""
        by_item = np.argsort(panel.items)
        products = np.ascontiguousarray(panel.products[np.ix_(by_item, crowded)].T)
        is_best = products > -np.inf  # (n_crowded, n_items)
        if len(by_item) > self.k:
            kth = np.partition(products, -self.k, axis=1)[:, -self.k, None]
            is_above, is_tie = products > kth, products == kth
            room = self.k - np.count_nonzero(is_above, axis=1)[:, None]
            is_best &= is_above | (is_tie & (np.cumsum(is_tie, axis=1, dtype=np.int32) <= room))
        column, place = is_best.nonzero()
        self._add(panel, by_item[place], crowded[column], products[is_best])

    def _add(self, panel: Panel, line: _Places, column: _Places, products: _Floats) -> None:
        self.fresh.append(keys_of(panel.rows[column], products, panel.items[line]))

    def _sort(self) -> None:
        """Leave out what cannot be listed any more, and raise the bounds."""
        self.found = best_of_keys(np.concatenate(self.fresh), self.found)
        self.fresh, self.n_fresh[:] = [], 0
        kth = self.found[:, -1]
        is_full = kth != NO_KEY
        self.bounds[is_full] = scores_of(kth[is_full])
