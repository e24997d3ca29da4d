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


def group_arrays(
    con: duckdb.DuckDBPyConnection,
    table: str,
    allowed: NDArray[np.bool_],
    like_counts: NDArray[np.int32],
) -> Arrays:
    """Groups that have an allowed item left, most liked first; only these items count."""
    found = con.sql(f"SELECT slug, name, item_idxs FROM {table} ORDER BY slug").to_arrow_table()  # noqa: S608
    rows, _ = rows_of(found.column("item_idxs"))
    refuse_unknown(table, rows.idxs, len(allowed))
    kept = kept_rows(rows, allowed[rows.idxs])
    likes = np.diff(np.concatenate([[0], np.cumsum(like_counts[kept.idxs])])[kept.starts])
    order = np.argsort(-likes, kind="stable")
    order = order[np.diff(kept.starts)[order] > 0]
    items = Rows.of(kept[row].tolist() for row in order.tolist())
    chosen = found.take(order)
    yield from named_texts("slugs", texts_of(chosen.column("slug")))
    yield from named_texts("names", texts_of(chosen.column("name")))
    yield "like_counts", likes[order].astype(np.int32)
    yield from named_rows("items", items)
    yield from named_rows("of_items", items.transposed(len(allowed)))
