"""Named arrays: what an unfolded snapshot is made of, and how rows and texts become some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.arrays import Rows, Texts
from serving.errors import SnapshotRefusedError

__all__ = ["Arrays", "kept_rows", "named_rows", "named_texts", "prefixed", "refuse_unknown"]

Arrays = Iterator[tuple[str, NDArray[Any]]]


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """The same arrays with longer names."""
    return ((f"{prefix}.{name}", array) for name, array in arrays)


def named_texts(name: str, texts: Texts) -> Arrays:
    """Both arrays of texts."""
    yield f"{name}.starts", texts.starts
    yield f"{name}.data", texts.data


def named_rows(name: str, rows: Rows) -> Arrays:
    """Both arrays of rows."""
    yield f"{name}.starts", rows.starts
    yield f"{name}.idxs", rows.idxs


def kept_rows(rows: Rows, is_kept: NDArray[np.bool_]) -> Rows:
    """Rows without the values that are not kept."""
    if is_kept.all():
        return rows
    before = np.concatenate([[0], np.cumsum(is_kept)])
    return Rows(before[rows.starts], rows.idxs[is_kept])


def refuse_unknown(table: str, idxs: NDArray[np.int32], n_items: int) -> None:
    """Raise for a position that is no item's.

    Raises
    ------
    SnapshotRefusedError : there is one.
    """
    if len(idxs) and not 0 <= idxs.min() <= idxs.max() < n_items:
        raise SnapshotRefusedError([f"{table}: an unknown item_idx"])
