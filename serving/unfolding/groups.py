"""Tags, categories and creators with the items that are left of them."""

from __future__ import annotations

import duckdb
import numpy as np
from numpy.typing import NDArray

from serving.arrays import Rows
from serving.reading import rows_of, texts_of
from serving.unfolding.parts import (
    Arrays,
    kept_rows,
    named_rows,
    named_texts,
    refuse_unknown,
)

__all__ = ["group_arrays"]


def group_arrays(con: duckdb.DuckDBPyConnection, table: str, allowed: NDArray[np.bool_]) -> Arrays:
    """Groups that have an allowed item left, most liked first."""
    found = con.sql(
        f"SELECT slug, name, like_count, item_idxs FROM {table} ORDER BY like_count DESC, slug"  # noqa: S608
    ).to_arrow_table()
    rows, _ = rows_of(found.column("item_idxs"))
    refuse_unknown(table, rows.idxs, len(allowed))
    kept = kept_rows(rows, allowed[rows.idxs])
    filled = np.flatnonzero(np.diff(kept.starts))
    items = Rows(np.concatenate([[0], kept.starts[filled + 1]]), kept.idxs)
    chosen = found.take(filled)
    yield from named_texts("slugs", texts_of(chosen.column("slug")))
    yield from named_texts("names", texts_of(chosen.column("name")))
    yield "like_counts", chosen.column("like_count").to_numpy().astype(np.int32)
    yield from named_rows("items", items)
    yield from named_rows("of_items", items.transposed(len(allowed)))
