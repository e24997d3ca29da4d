"""Named arrays: what an unfolded snapshot is made of, and how rows and texts become some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serving.arrays import Rows, Texts
from serving.errors import SnapshotRefusedError
from serving.reading import rows_of

__all__ = [
    "Arrays",
    "factors_of",
    "kept_rows",
    "named_rows",
    "named_texts",
    "prefixed",
    "refuse_not_finite",
    "refuse_unknown",
    "values_of",
]

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


def refuse_unknown(table: str, idxs: NDArray[Any], n: int, column: str = "item_idx") -> None:
    """Raise for a position that is none of `n`.

    Raises
    ------
    SnapshotRefusedError : there is one.
    """
    if len(idxs) and not 0 <= idxs.min() <= idxs.max() < n:
        raise SnapshotRefusedError([f"{table}: an unknown {column}"])


def refuse_not_finite(table: str, column: str, values: NDArray[Any]) -> None:
    """Raise for a value that is infinite or no number.

    Raises
    ------
    SnapshotRefusedError : there is one.
    """
    if not np.isfinite(values).all():
        raise SnapshotRefusedError([f"{table}: {column} holds a value that is not finite"])


def values_of(
    found: pa.Table, idxs: str, values: str, table: str
) -> tuple[Rows, NDArray[np.float32]]:
    """Rows of positions, and the values that stand beside them, flat.

    Raises
    ------
    SnapshotRefusedError : a row of positions and its values differ in length.
    """
    rows, _ = rows_of(found.column(idxs))
    beside, flat = rows_of(found.column(values), np.float32)
    if not np.array_equal(rows.starts, beside.starts):
        raise SnapshotRefusedError([f"{table}: {idxs} and {values} differ in length"])
    return rows, flat


def factors_of(found: pa.Table, table: str, width: int | None = None) -> NDArray[np.float32]:
    """Rows of factors, shape (n_rows, width).

    Parameters
    ----------
    width : of every row; that of the first one where it is not given.

    Raises
    ------
    SnapshotRefusedError : a row has another width, or a value is not finite.
    """
    rows, flat = rows_of(found.column("factors"), np.float32)
    widths = np.diff(rows.starts)
    if width is None:
        width = int(widths[0]) if len(widths) else 0
    if (widths != width).any():
        raise SnapshotRefusedError([f"{table}: factors differ in length"])
    refuse_not_finite(table, "factors", flat)
    return flat.reshape(len(found), width)
