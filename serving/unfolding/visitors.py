"""What models score visitors with."""

from __future__ import annotations

import duckdb
import numpy as np

from serving.reading import rows_of
from serving.unfolding.parts import Arrays

__all__ = ["visitor_arrays"]


def visitor_arrays(con: duckdb.DuckDBPyConnection, model: str, n_items: int) -> Arrays:
    """Weights and factors by which a model scores visitors, where it has any."""
    found = con.sql(
        "SELECT item_idx, item_idxs, weights FROM item_weights WHERE model = $model "
        "ORDER BY item_idx",
        params={"model": model},
    ).to_arrow_table()
    if len(found):
        rows, _ = rows_of(found.column("item_idxs"))
        _, weights = rows_of(found.column("weights"), np.float32)
        counts = np.zeros(n_items, np.int64)
        counts[found.column("item_idx").to_numpy()] = np.diff(rows.starts)
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
        factors = np.zeros((n_items, len(flat) // len(found)), np.float32)
        factors[found.column("item_idx").to_numpy()] = flat.reshape(len(found), -1)
        yield "factors", factors
        yield "listable", np.flatnonzero(factors.any(axis=1)).astype(np.int32)
