"""What models score visitors with."""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np

from serving.unfolding.parts import (
    Arrays,
    factors_of,
    refuse_not_finite,
    refuse_unknown,
    values_of,
)

__all__ = ["refuse_parts_not_finite", "visitor_arrays"]

_PART_NUMBERS: Final = ("weight", "alpha0", "regularization", "nu")


def visitor_arrays(con: duckdb.DuckDBPyConnection, model: str, n_items: int) -> Arrays:
    """Weights and factors by which a model scores visitors, where it has any."""
    found = con.sql(
        "SELECT item_idx, item_idxs, weights FROM item_weights WHERE model = $model "
        "ORDER BY item_idx",
        params={"model": model},
    ).to_arrow_table()
    if len(found):
        rows, weights = values_of(found, "item_idxs", "weights", "item_weights")
        refuse_not_finite("item_weights", "weights", weights)
        items = found.column("item_idx").to_numpy()
        for idxs in (items, rows.idxs):
            refuse_unknown("item_weights", idxs, n_items)
        counts = np.zeros(n_items, np.int64)
        counts[items] = np.diff(rows.starts)
        yield "weights.starts", np.concatenate([[0], np.cumsum(counts)])
        yield "weights.idxs", rows.idxs
        yield "weights.values", weights
        yield "listable", np.unique(rows.idxs)
    found = con.sql(
        "SELECT item_idx, factors FROM item_factors WHERE model = $model",
        params={"model": model},
    ).to_arrow_table()
    if len(found):
        own = factors_of(found, "item_factors")
        items = found.column("item_idx").to_numpy()
        refuse_unknown("item_factors", items, n_items)
        factors = np.zeros((n_items, own.shape[1]), np.float32)
        factors[items] = own
        yield "factors", factors
        yield "listable", np.flatnonzero(factors.any(axis=1)).astype(np.int32)


def refuse_parts_not_finite(con: duckdb.DuckDBPyConnection) -> None:
    """Raise for a part of a score whose weight, or what factors are solved by, is not finite.

    Raises
    ------
    SnapshotRefusedError : there is one.
    """
    for column in _PART_NUMBERS:
        found = con.sql(
            f"SELECT {column} FROM visitor_parts WHERE {column} IS NOT NULL"  # noqa: S608
        ).fetchnumpy()
        refuse_not_finite("visitor_parts", column, found[column])
