"""The exact k highest inner products of each of some vectors with those of items.

Items stand by falling length and are multiplied panel by panel, about as many numbers as stay in
a processor's cache.  From the first panel on a lower bound of the k-th highest product is known
of each row; what reaches it is kept, and the bound rises with what was kept.  No product is
greater than the product of both lengths (Cauchy & Schwarz): a row whose bound is above that of
all further items is done (Teflioudi, Gemulla & Mykytiuk 2015, LEMP: Fast Retrieval of Large
Entries in a Matrix Product, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.errors import FitError
from pipeline.recommenders.score_keys import (
    KEY_COLUMNS,
    KEY_ROWS,
    NO_KEY,
    Keys,
    best_of_keys,
    columns_of,
    keys_of,
    scores_of,
)
from pipeline.recommenders.topk import UNSCORED, Lists, by_chunks, empty_lists

__all__ = ["highest_products"]

_CHUNK: Final = KEY_ROWS
_CELLS: Final = 1 << 19  # products of a panel: 2 MB
_FIRST_CELLS: Final = 1 << 21  # and at most of the first one
_FIRST_PER_K: Final = 40  # items of the first panel, from which a bound is worth its while
_BLOCKS_PER_K: Final = 5  # leave 1.1 products of the first panel for each that is listed
_TILE_CELLS: Final = 1 << 14  # bounds side by side: numpy compares short runs at half the speed
_KEPT_PER_K: Final = 2  # of a row, before the bound is looked for among them
_LEAST_KEPT: Final = 64
_ODD: Final = 8  # times as many of one row: a long table
_ROWS_TOGETHER: Final = 16
_LEFT: Final = 0.75  # share of rows not done below which the others are dropped
_EPS: Final = float(np.finfo(np.float32).eps)
_TINY: Final = 1e-18  # its square is above what float32 loses near 0
_LOWEST: Final = np.finfo(np.float32).min  # which -inf does not reach

_Floats = NDArray[np.float32]
_Places = NDArray[np.int64]


def highest_products(
    vectors: _Floats,
    rows: NDArray[np.int32],
    k: int,
    *,
    item_vectors: _Floats,
    item_idxs: NDArray[np.int32],
    n_items: int,
    hidden: csr_matrix | None = None,
    hide_self: bool = False,
    threads: int = 1,
) -> Lists:
    """Best `k` items of each row by inner product, exact.

    Parameters
    ----------
    vectors : shape (len(rows), n): of each of `rows`.
    rows : what is listed for; the row of `hidden`.
    item_vectors : shape (len(item_idxs), n).
    item_idxs : ascending; what may be listed.
    n_items : items of the data set.
    hidden : shape (> max(rows), n_items); a stored entry is never listed (seen items).
    hide_self : rows are items, and none is listed beside itself.

    Raises
    ------
    FitError : vectors that are not finite, or so long that a product might not be.
    ValueError : more than 16,777,216 items.
    """
    lists = empty_lists(len(rows), k)
    if not len(rows) or not len(item_idxs) or not k:
        return lists
    catalogue = _Catalogue.of(item_vectors, item_idxs, n_items)
    reach = _lengths(vectors)
    if not reach.max() * catalogue.lengths.max() < np.finfo(np.float32).max:  # nor is NaN
        raise FitError(UNSCORED)

    def fill(start: int, stop: int) -> None:
        chunk = rows[start:stop]
        away = catalogue.hidden_places(chunk, hidden, hide_self=hide_self)
        keys = _Chunk(catalogue, vectors[start:stop], reach[start:stop], away, k).best()
        listed = keys != NO_KEY
        lists.item_idxs[start:stop][listed] = item_idxs[columns_of(keys[listed])]
        lists.scores[start:stop][listed] = scores_of(keys[listed])

    by_chunks(fill, len(rows), _CHUNK, threads)
    return lists


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """Items by falling length.

    Attributes
    ----------
    columns : place in ``item_idxs`` of each.
    place_of : shape (n_items,); -1 of what is not among them.
    """

    vectors: _Floats
    lengths: NDArray[np.float64]
    columns: _Places
    place_of: _Places

    @classmethod
    def of(cls, vectors: _Floats, item_idxs: NDArray[np.int32], n_items: int) -> _Catalogue:
        if len(item_idxs) > KEY_COLUMNS:
            raise ValueError(
                f"{len(item_idxs)} items are too many; {KEY_COLUMNS} can be told apart"
            )
        lengths = _lengths(vectors)
        columns = np.argsort(-lengths, kind="stable")
        place_of = np.full(n_items, -1)
        place_of[item_idxs[columns]] = np.arange(len(columns))
        return cls(vectors[columns], lengths[columns], columns, place_of)

    def hidden_places(
        self, chunk: NDArray[np.int32], hidden: csr_matrix | None, *, hide_self: bool
    ) -> tuple[_Places, _Places]:
        """What is never listed: places, ascending, and rows within the chunk."""
        own = np.arange(len(chunk))
        keys = [self.place_of[chunk] * KEY_ROWS + own] if hide_self else []
        if hidden is not None:
            of_chunk = hidden[chunk]
            row = np.repeat(own, np.diff(of_chunk.indptr))
            keys.append(self.place_of[of_chunk.indices] * KEY_ROWS + row)
        return np.divmod(np.sort(np.concatenate([np.empty(0, np.int64), *keys])), KEY_ROWS)


class _Chunk:
    """Up to 256 rows on their way through the panels.

    Attributes
    ----------
    going : rows that are not done; a column of a panel is one of them.
    bound : at most the k-th highest product of each row.
    found : keys of what may be listed, shape (n, k), as of the last look.
    fresh, counts : keys since then, and how many of each row.
    most : of these, for a row, before there is another look.
    """

    def __init__(
        self,
        catalogue: _Catalogue,
        vectors: _Floats,
        reach: NDArray[np.float64],
        hidden: tuple[_Places, _Places],
        k: int,
    ) -> None:
        n = len(vectors)
        self.catalogue, self.vectors, self.reach = catalogue, vectors, reach
        self.hidden, self.k, self.most = hidden, k, max(_KEPT_PER_K * k, _LEAST_KEPT)
        self.bound = np.full(n, _LOWEST, np.float32)
        self.found = np.full((n, k), NO_KEY)
        self.fresh: list[Keys] = []
        self.counts = np.zeros(n, np.int64)
        self.cells = np.empty(_FIRST_CELLS, np.float32)
        self.hits = np.empty(_FIRST_CELLS, np.bool_)
        self._go_on_with(np.arange(n))

    def best(self) -> Keys:
        """Keys of the k highest products of each row, shape (n, k)."""
        lengths = self.catalogue.lengths
        start, height = 0, self._height(max(_CELLS, _FIRST_PER_K * self.k * len(self.vectors)))
        while start < len(lengths) and len(self.going):
            stop = min(start + height, len(lengths))
            self._read(start, stop)
            if stop < len(lengths):
                self._drop_done(lengths[stop])
            start, height = stop, self._height(_CELLS)
        if self.fresh:
            self._settle()
        return self.found

    def _height(self, cells: int) -> int:
        """Items of a panel, a multiple of what a tile has bounds for."""
        run = self.tile_rows * max(len(self.going), 1)
        return min(cells, _FIRST_CELLS) // run * self.tile_rows

    def _go_on_with(self, going: _Places) -> None:
        self.going = going
        self.columns = np.ascontiguousarray(self.vectors[going].T)  # (n_factors, n)
        self.tile_rows = -(-_TILE_CELLS // max(len(going), 1) // 8) * 8
        self._lay_tile()

    def _lay_tile(self) -> None:
        self.tile = np.tile(self.bound[self.going], self.tile_rows)

    def _drop_done(self, length: np.float64) -> None:
        """Leave rows of which no item of this length or less can be listed.

        A few of them stay, as a product of an odd shape may be added up in another order.
        """
        is_done = self.reach[self.going] * length < self.bound[self.going]
        n = -(-np.count_nonzero(~is_done) // _ROWS_TOGETHER) * _ROWS_TOGETHER
        if n < _LEFT * len(self.going):
            self._go_on_with(np.sort(self.going[np.argsort(is_done, kind="stable")[:n]]))

    def _read(self, start: int, stop: int) -> None:
        """Keep what reaches the bounds of the products with some items."""
        cells = self._products(start, stop)
        panel = cells[: stop - start]
        enough = self.most * len(self.going)
        if not start:
            self._raise_bounds(panel)
        places = self._reaching(cells)
        if start and len(places) > enough:
            self._raise_bounds(panel)
            places = self._reaching(cells)
        self._keep(panel, places, start)
        if self.counts.sum() >= enough or self.counts.max() >= _ODD * self.most:
            self._settle()

    def _products(self, start: int, stop: int) -> _Floats:
        """A panel, and rows of -inf below it that fill the last tile."""
        n, rows = len(self.going), stop - start
        height = -(-rows // self.tile_rows) * self.tile_rows
        cells = self.cells[: height * n].reshape(height, n)
        np.matmul(self.catalogue.vectors[start:stop], self.columns, out=cells[:rows])
        cells[rows:] = -np.inf
        place, row = self.hidden
        first, last = np.searchsorted(place, [start, stop])
        if first < last:
            column_of = np.full(len(self.vectors), -1)
            column_of[self.going] = np.arange(n)
            column = column_of[row[first:last]]
            at = (place[first:last] - start) * n + column
            cells.reshape(-1)[at[column >= 0]] = -np.inf
        return cells

    def _raise_bounds(self, panel: _Floats) -> None:
        """To the k-th highest of the maxima of disjoint blocks of a panel, where it is higher."""
        depth = max(len(panel) // (_BLOCKS_PER_K * self.k), 2)
        n_blocks = len(panel) // depth
        if n_blocks <= self.k:
            return
        blocks = panel[: depth * n_blocks].reshape(depth, n_blocks, panel.shape[1])
        maxima = np.ascontiguousarray(blocks.max(axis=0).T)  # (n, n_blocks)
        kth = np.partition(maxima, n_blocks - self.k, axis=1)[:, n_blocks - self.k]
        self.bound[self.going] = np.maximum(self.bound[self.going], kth)
        self._lay_tile()

    def _reaching(self, cells: _Floats) -> _Places:
        """Flat places of the products that reach the bound of their row, ascending."""
        hits = self.hits[: cells.size]
        runs = (-1, self.tile.size)
        np.greater_equal(cells.reshape(runs), self.tile, out=hits.reshape(runs))
        eights = hits.view(np.uint64)
        some = np.flatnonzero(eights != 0)  # a few: the others are passed over at once
        within = np.flatnonzero(eights[some].view(np.bool_))
        return np.asarray(some[within >> 3] * 8 + (within & 7))

    def _keep(self, panel: _Floats, places: _Places, start: int) -> None:
        n = len(self.going)
        place = places // n
        column = places - place * n
        counts = np.bincount(column, minlength=n)
        is_odd = counts > self.most
        if is_odd.any():
            self._keep_best(panel, np.flatnonzero(is_odd), start)
            counts[is_odd] = self.k
            others = ~is_odd[column]
            places, place, column = places[others], place[others], column[others]
        self._add(column, panel.reshape(-1)[places], start + place)
        self.counts[self.going] += counts

    def _keep_best(self, panel: _Floats, odd: _Places, start: int) -> None:
        """Keep the k best alone, where equal products, or rising ones, leave far more."""
        by_column = np.argsort(self.catalogue.columns[start : start + len(panel)])
        scores = np.ascontiguousarray(panel[np.ix_(by_column, odd)].T)  # (n_odd, n_items)
        is_best = scores > -np.inf
        if len(panel) > self.k:
            kth = np.partition(scores, -self.k, axis=1)[:, -self.k, None]
            is_above, is_tie = scores > kth, scores == kth
            room = self.k - np.count_nonzero(is_above, axis=1)[:, None]
            is_best &= is_above | (is_tie & (np.cumsum(is_tie, axis=1, dtype=np.int32) <= room))
        column, place = is_best.nonzero()
        self._add(odd[column], scores[is_best], start + by_column[place])

    def _add(self, column: _Places, scores: _Floats, place: _Places) -> None:
        self.fresh.append(keys_of(self.going[column], scores, self.catalogue.columns[place]))

    def _settle(self) -> None:
        """Leave what cannot be listed any more, and raise the bounds."""
        self.found = best_of_keys(np.concatenate(self.fresh), self.found)
        self.fresh, self.counts[:] = [], 0
        kth = self.found[:, -1]
        is_full = kth != NO_KEY
        self.bound[is_full] = scores_of(kth[is_full])
        self._lay_tile()


def _lengths(vectors: _Floats) -> NDArray[np.float64]:
    """Length of each vector, with what the product of two of them may be rounded up by."""
    n = vectors.shape[1]
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return np.asarray(np.sqrt(squares) * (1 + n * _EPS) + _TINY)
