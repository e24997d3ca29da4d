"""Published lists by subject, less what is denied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from serving.answers.base import ListKind
from serving.arrays import Rows
from serving.errors import SnapshotRefusedError
from serving.unfolding.parts import Arrays, kept_rows, values_of

__all__ = ["list_arrays"]

_TABLES: Final[Mapping[ListKind, tuple[str, str]]] = {
    "similar": ("item_lists", "item_idx"),
    "recommendations": ("user_lists", "user_id"),
}


def list_arrays(
    con: duckdb.DuckDBPyConnection,
    which: tuple[ListKind, str],
    row_of: Mapping[Any, int],
    n_subjects: int,
    allowed: NDArray[np.bool_],
) -> Arrays:
    """Lists of one kind of one model by subject; nothing where it has none."""
    kind, model = which
    table, subject = _TABLES[kind]
    found = con.sql(
        f"SELECT {subject}, item_idxs, scores FROM {table} WHERE model = $model",  # noqa: S608
        params={"model": model},
    ).to_arrow_table()
    rows, scores = values_of(found, "item_idxs", "scores", f"{table} of {model}")
    ids = found.column(subject).to_pylist()
    subjects = np.fromiter((row_of.get(one, -1) for one in ids), np.int64, len(ids))
    faults = [
        f"{table} of {model}: {fault}"
        for fault, holds in (
            ("a list of an unknown subject", bool((subjects < 0).any())),
            ("a subject with two lists", len(np.unique(subjects)) != len(subjects)),
            (
                "an unknown item_idx",
                bool(((rows.idxs < 0) | (rows.idxs >= len(allowed))).any()),
            ),
            ("a score that is not finite", not np.isfinite(scores).all()),
        )
        if holds
    ]
    if faults:
        raise SnapshotRefusedError(faults)
    if not len(rows.idxs):
        return
    starts, places = _by_subject(rows, subjects, n_subjects)
    placed = Rows(starts, rows.idxs[places])
    is_kept = allowed[placed.idxs]
    kept = kept_rows(placed, is_kept)
    yield "starts", kept.starts
    yield "idxs", kept.idxs
    yield "scores", scores[places][is_kept]


def _by_subject(
    rows: Rows, subjects: NDArray[np.int64], n_subjects: int
) -> tuple[NDArray[np.int64], NDArray[np.int64] | slice]:
    """Starts of the rows in the order of their subjects, and where each value comes from."""
    lengths = np.zeros(n_subjects, np.int64)
    lengths[subjects] = np.diff(rows.starts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    if np.all(np.diff(subjects) > 0):
        return starts, slice(None)
    first = np.zeros(n_subjects, np.int64)
    first[subjects] = rows.starts[:-1]
    return starts, np.arange(starts[-1]) + np.repeat(first - starts[:-1], lengths)
