"""What models score visitors with."""

from __future__ import annotations

import duckdb
import numpy as np

from serving.reading import rows_of
from serving.unfolding.parts import Arrays, refuse_unknown, values_of

__all__ = ["visitor_arrays"]


def visitor_arrays(con: duckdb.DuckDBPyConnection, model: str, n_items: int) -> Arrays:
    """Weights and factors by which a model scores visitors, where it has any."""
    found = con.sql(
        "SELECT item_idx, item_idxs, weights FROM item_weights WHERE model = $model "
        "ORDER BY item_idx",
        params={"model": model},
    ).to_arrow_table()
    if len(found):
        rows, weights = values_of(found, "item_idxs", "weights", "item_weights")
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
        _, flat = rows_of(found.column("factors"), np.float32)
        items = found.column("item_idx").to_numpy()
        refuse_unknown("item_factors", items, n_items)
        factors = np.zeros((n_items, len(flat) // len(found)), np.float32)
        factors[items] = flat.reshape(len(found), -1)
        yield "factors", factors
        yield "listable", np.flatnonzero(factors.any(axis=1)).astype(np.int32)
