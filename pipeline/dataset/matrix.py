"""The arrays that models see: ids, a CSR matrix of interactions, a CSR matrix of features."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.columns import FEATURE, ITEM_ID, USER_ID, WEIGHT

__all__ = ["Dataset", "Ids", "dataset_from", "positions", "subset", "unit_rows", "user_items_of"]

Ids = NDArray[np.str_]
T = TypeVar("T")
_POSITION: Final = "position"
_BLOCK_ENTRIES: Final = 1 << 18


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions and item features of one site or world, by position.

    ``user_ids`` and ``item_ids`` are sorted and unique; their positions are ``user_idx`` and
    ``item_idx``.  Cold items (and users without an interaction, where they were asked for)
    have empty rows.  ``user_items`` has shape (n_users, n_items), ``item_features`` shape
    (n_items, n_features) with rows of length 1; both are float32 with sorted int32 indices.
    """

    user_ids: Ids
    item_ids: Ids
    user_items: csr_matrix
    item_features: csr_matrix
    feature_names: tuple[str, ...]
    _derived: dict[str, Any] = field(init=False, default_factory=dict, repr=False)

    def derived(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for this data set: fits that differ little share it."""
        if name not in self._derived:
            self._derived[name] = make()
        return cast("T", self._derived[name])

    @property
    def n_users(self) -> int:
        """Number of rows of ``user_items``."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of columns of ``user_items``."""
        return len(self.item_ids)

    @cached_property
    def sha256(self) -> str:
        """Hash of the interactions: ids, positions and weights, as hex digits."""
        digest = hashlib.sha256()
        for ids in (self.user_ids, self.item_ids):
            for text in ids.tolist():
                encoded = text.encode("utf-8")
                digest.update(len(encoded).to_bytes(4, "little") + encoded)
            digest.update(b"\xff")
        matrix = self.user_items
        for array, kind in ((matrix.indptr, "<i8"), (matrix.indices, "<i4"), (matrix.data, "<f4")):
            digest.update(array.astype(kind).tobytes())
        return digest.hexdigest()


def dataset_from(
    interactions: pl.DataFrame,
    *,
    item_ids: Iterable[str] = (),
    item_features: pl.DataFrame | None = None,
    user_ids: Iterable[str] = (),
) -> Dataset:
    """Dataset of every user and item that any argument names.

    Parameters
    ----------
    interactions : columns ``user_id``, ``item_id`` and, if weighted, ``weight`` (else 1);
        pairs are unique.
    item_ids : the whole catalogue, so that cold items have a position too.
    item_features : long frame ``item_id``, ``feature``, ``weight``; None for no features.
    user_ids : further users who get an empty row.
    """
    features = _no_features() if item_features is None else item_features
    users = _sorted_ids(interactions[USER_ID], user_ids)
    items = _sorted_ids(interactions[ITEM_ID], item_ids, features[ITEM_ID])
    names = _sorted_ids(features[FEATURE])
    return Dataset(
        user_ids=_as_array(users),
        item_ids=_as_array(items),
        user_items=_matrix(interactions, (USER_ID, users), (ITEM_ID, items)),
        item_features=_matrix(features, (ITEM_ID, items), (FEATURE, names)),
        feature_names=tuple(names.to_list()),
    )


def user_items_of(dataset: Dataset, pairs: pl.DataFrame) -> csr_matrix:
    """Matrix of other pairs (a part of a split, what is seen) on the dataset's positions.

    Parameters
    ----------
    pairs : columns ``user_id``, ``item_id`` and, if weighted, ``weight`` (else 1), unique.

    Raises
    ------
    ValueError : a user or an item that the dataset does not have.
    """
    users, items = pl.Series(dataset.user_ids.tolist()), pl.Series(dataset.item_ids.tolist())
    return _matrix(
        pairs, (USER_ID, users.cast(pl.String)), (ITEM_ID, items.cast(pl.String))
    )  # (n_users, n_items)


def subset(dataset: Dataset, pairs: pl.DataFrame) -> Dataset:
    """The same users, items and features with these pairs as the only interactions.

    Raises
    ------
    ValueError : a user or an item that the dataset does not have.
    """
    return replace(dataset, user_items=user_items_of(dataset, pairs))


def positions(ids: Ids, wanted: Iterable[str]) -> NDArray[np.int32]:
    """Position of each wanted id in the sorted ids; -1 for an unknown one."""
    asked = np.asarray(list(wanted), dtype=np.str_)
    if not len(ids) or not len(asked):
        return np.full(len(asked), -1, dtype=np.int32)
    found = np.searchsorted(ids, asked).clip(max=len(ids) - 1)
    return np.where(ids[found] == asked, found, -1).astype(np.int32)


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """The same rows with Euclidean length 1; empty rows stay empty.

    Beside the matrix it takes what a block of rows needs: of a few hundred thousand entries, or
    of one row.
    """
    rows: csr_matrix = matrix.tocsr().astype(np.float32)  # a copy
    rows.eliminate_zeros()
    for block in _blocks(rows.indptr):
        bounds = rows.indptr[block]
        row = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        data = rows.data[bounds[0] : bounds[-1]]
        squares = np.bincount(row, data.astype(np.float64) ** 2)
        data /= np.sqrt(squares)[row].astype(np.float32)
    rows.sort_indices()
    return rows


def _blocks(indptr: NDArray[np.integer]) -> Iterator[slice]:
    """Places in `indptr` of the bounds of successive rows, so many entries at a time."""
    n_rows = len(indptr) - 1
    start = 0
    while start < n_rows:
        most = indptr.dtype.type(min(int(indptr[start]) + _BLOCK_ENTRIES, int(indptr[-1])))
        stop = max(int(np.searchsorted(indptr, most, side="right")) - 1, start + 1)
        yield slice(start, stop + 1)
        start = stop


def _sorted_ids(*sources: pl.Series | Iterable[str]) -> pl.Series:
    parts = [
        source.cast(pl.String)
        if isinstance(source, pl.Series)
        else pl.Series(list(source), dtype=pl.String)
        for source in sources
    ]
    return pl.concat(parts).unique().sort()


def _as_array(ids: pl.Series) -> Ids:
    return np.asarray(ids.to_list(), dtype=np.str_)


def _no_features() -> pl.DataFrame:
    return pl.DataFrame(schema={ITEM_ID: pl.String, FEATURE: pl.String, WEIGHT: pl.Float32})


def _matrix(
    frame: pl.DataFrame, row: tuple[str, pl.Series], column: tuple[str, pl.Series]
) -> csr_matrix:
    shape = (len(row[1]), len(column[1]))
    weights = (
        frame[WEIGHT].cast(pl.Float32).to_numpy()
        if WEIGHT in frame.columns
        else np.ones(len(frame), dtype=np.float32)
    )
    rows, columns = _positions_of(frame, *row), _positions_of(frame, *column)
    matrix = csr_matrix((weights, (rows, columns)), shape=shape, dtype=np.float32)
    if matrix.nnz != len(frame):
        raise ValueError(f"{len(frame) - matrix.nnz} pairs stand more than once; deduplicate first")
    matrix.sort_indices()
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    return matrix


def _positions_of(frame: pl.DataFrame, name: str, ids: pl.Series) -> NDArray[np.int32]:
    index = pl.DataFrame({name: ids, _POSITION: np.arange(len(ids), dtype=np.int32)})
    found = frame.select(name).join(index, on=name, how="left", maintain_order="left")[_POSITION]
    if found.null_count():
        raise ValueError(f"{found.null_count()} rows have a {name} that the dataset does not know")
    return found.to_numpy()
