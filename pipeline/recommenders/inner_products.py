"""The exact k highest inner products of each of some vectors with those of items.

Items stand by falling length and are multiplied panel by panel, about as many numbers as stay in
a processor's cache.  From the first panel on a lower bound of the k-th highest product is known
of each row; what reaches it is kept, and the bound rises with what was kept.  No product is
greater than the product of both lengths (Cauchy & Schwarz): a row whose bound is above that of
all further items is done (Teflioudi, Gemulla & Mykytiuk 2015, LEMP: Fast Retrieval of Large
Entries in a Matrix Product, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.errors import FitError
from pipeline.recommenders.kept_products import KeptProducts, Panel
from pipeline.recommenders.score_keys import (
    KEY_COLUMNS,
    KEY_ROWS,
    NO_KEY,
    Keys,
    columns_of,
    scores_of,
)
from pipeline.recommenders.topk import UNSCORED, Lists, by_chunks, empty_lists

__all__ = ["VectorsOf", "highest_products"]

_CHUNK: Final = KEY_ROWS
_PANEL_SIZE: Final = 1 << 19  # products: 2 MB
_FIRST_PANEL_SIZE: Final = 1 << 21  # at most
_FIRST_PER_K: Final = 40  # items of the first panel, from which a bound is worth its while
_TILE_SIZE: Final = 1 << 14  # bounds side by side: numpy compares short runs at half the speed
_ROWS_TOGETHER: Final = 16
_LEFT: Final = 0.75  # share of rows not done below which the others are dropped
_EPS: Final = float(np.finfo(np.float32).eps)
_TINY: Final = 1e-18  # its square is above what float32 loses near 0

VectorsOf = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""Vectors of some rows, shape (n_rows, n)."""

_Floats = NDArray[np.float32]
_Places = NDArray[np.int64]


def highest_products(
    vectors_of: VectorsOf,
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
    vectors_of : vectors of a chunk of `rows`.
    rows : what is listed for, passed to `vectors_of` by chunks; also the row of `hidden`.
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
    longest = catalogue.lengths.max()

    def fill(start: int, stop: int) -> None:
        chunk = rows[start:stop]
        vectors = vectors_of(chunk)
        reach = _lengths(vectors)
        if not reach.max() * longest < np.finfo(np.float32).max:  # nor is NaN
            raise FitError(UNSCORED)
        away = catalogue.hidden_places(chunk, hidden, hide_self=hide_self)
        keys = _Chunk(catalogue, vectors, reach, away, k).best()
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
    vectors, lengths : of each; a length is rounded up.
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
    catalogue : the items.
    vectors, reach : of each row, and their lengths.
    hidden : places and rows that are never listed, by ascending place.
    kept : what may be listed, and the bound of each row.
    products, is_reaching : room for a panel, and for whether its products reach their bounds.
    going : rows that are not done, ascending; a column of a panel is one of them.
    columns : their vectors, shape (n, len(going)).
    tile_rows : how often the tile repeats their bounds.
    tile : their bounds, again and again, as a few lines of a panel are laid out.
    """

    def __init__(
        self,
        catalogue: _Catalogue,
        vectors: _Floats,
        reach: NDArray[np.float64],
        hidden: tuple[_Places, _Places],
        k: int,
    ) -> None:
        self.catalogue, self.vectors, self.reach, self.hidden = catalogue, vectors, reach, hidden
        self.kept = KeptProducts(len(vectors), k)
        self.products = np.empty(_FIRST_PANEL_SIZE, np.float32)
        self.is_reaching = np.empty(_FIRST_PANEL_SIZE, np.bool_)
        self._go_on_with(np.arange(len(vectors)))

    def best(self) -> Keys:
        """Keys of the k highest products of each row, shape (n, k)."""
        lengths = self.catalogue.lengths
        first = _FIRST_PER_K * self.kept.k * len(self.vectors)
        start, height = 0, self._height(max(_PANEL_SIZE, first))
        while start < len(lengths) and len(self.going):
            stop = min(start + height, len(lengths))
            self._read(start, stop)
            if stop < len(lengths):
                self._drop_done(lengths[stop])
            start, height = stop, self._height(_PANEL_SIZE)
        return self.kept.best()

    def _height(self, size: int) -> int:
        """Items of a panel of so many products, a multiple of what a tile has bounds for."""
        run = self.tile_rows * max(len(self.going), 1)
        return min(size, _FIRST_PANEL_SIZE) // run * self.tile_rows

    def _go_on_with(self, going: _Places) -> None:
        self.going = going
        self.columns = np.ascontiguousarray(self.vectors[going].T)  # (n_factors, n)
        self.tile_rows = -(-_TILE_SIZE // max(len(going), 1) // 8) * 8
        self._lay_tile()

    def _lay_tile(self) -> None:
        self.tile = np.tile(self.kept.bounds[self.going], self.tile_rows)

    def _drop_done(self, length: np.float64) -> None:
        """Leave rows of which no item of this length or less can be listed.

        A few of them stay, as a product of an odd shape may be added up in another order.
        """
        is_done = self.reach[self.going] * length < self.kept.bounds[self.going]
        n = -(-np.count_nonzero(~is_done) // _ROWS_TOGETHER) * _ROWS_TOGETHER
        if n < _LEFT * len(self.going):
            self._go_on_with(np.sort(self.going[np.argsort(is_done, kind="stable")[:n]]))

    def _read(self, start: int, stop: int) -> None:
        """Keep what reaches the bounds of the products with some items."""
        filled = self._products(start, stop)
        panel = Panel(filled[: stop - start], self.going, self.catalogue.columns[start:stop])
        if not start:
            self._raise_bounds(panel)
        reaching = self._reaching(filled)
        if start and len(reaching) > self.kept.share * len(self.going):
            self._raise_bounds(panel)
            reaching = self._reaching(filled)
        if self.kept.keep(panel, reaching):
            self._lay_tile()

    def _raise_bounds(self, panel: Panel) -> None:
        self.kept.raise_bounds(panel)
        self._lay_tile()

    def _products(self, start: int, stop: int) -> _Floats:
        """A panel, and rows of -inf below it that fill the last tile."""
        n, rows = len(self.going), stop - start
        height = -(-rows // self.tile_rows) * self.tile_rows
        filled = self.products[: height * n].reshape(height, n)
        np.matmul(self.catalogue.vectors[start:stop], self.columns, out=filled[:rows])
        filled[rows:] = -np.inf
        place, row = self.hidden
        first, last = np.searchsorted(place, [start, stop])
        if first < last:
            column_of = np.full(len(self.vectors), -1)
            column_of[self.going] = np.arange(n)
            column = column_of[row[first:last]]
            at = (place[first:last] - start) * n + column
            filled.reshape(-1)[at[column >= 0]] = -np.inf
        return filled

    def _reaching(self, filled: _Floats) -> _Places:
        """Flat places of the products that reach the bound of their row, ascending."""
        is_reaching = self.is_reaching[: filled.size]
        runs = (-1, self.tile.size)
        np.greater_equal(filled.reshape(runs), self.tile, out=is_reaching.reshape(runs))
        eights = is_reaching.view(np.uint64)
        some = np.flatnonzero(eights != 0)  # a few: the others are passed over at once
        within = np.flatnonzero(eights[some].view(np.bool_))
        return np.asarray(some[within >> 3] * 8 + (within & 7))


def _lengths(vectors: _Floats) -> NDArray[np.float64]:
    """Length of each vector, with what the product of two of them may be rounded up by."""
    n = vectors.shape[1]
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return np.asarray(np.sqrt(squares) * (1 + n * _EPS) + _TINY)
