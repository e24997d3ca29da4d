"""Items: who is allowed, their cards, and the orders in which they are browsed."""

from __future__ import annotations

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipeline.deny import DenyList
from serving.answers.items import Card, ItemDetails
from serving.errors import SnapshotRefusedError
from serving.reading import TABLES, json_of, texts_of
from serving.search.building import SearchText
from serving.unfolding.parts import Arrays, named_texts

__all__ = ["item_arrays", "order_arrays", "search_texts"]


def search_texts(
    con: duckdb.DuckDBPyConnection, denied: DenyList
) -> tuple[list[str], list[SearchText]]:
    """Ids by position, and what each item is found by.

    Raises
    ------
    SnapshotRefusedError : positions have gaps, or an id stands twice.
    """
    rows = con.sql(
        "SELECT item_idx, item_id, title, tags, creator, like_count FROM items ORDER BY item_idx"
    ).fetchall()
    ids = [item_id for _, item_id, *_ in rows]
    if [idx for idx, *_ in rows] != list(range(len(rows))) or len(set(ids)) != len(rows):
        raise SnapshotRefusedError(["items: item_idx has gaps, or an item_id stands twice"])
    return ids, [
        SearchText(title, tags, creator, likes, not denied.denies(item_id, creator, tags))
        for _, item_id, title, tags, creator, likes in rows
    ]


def item_arrays(con: duckdb.DuckDBPyConnection) -> Arrays:
    """Ids, cards and details (JSON objects without the first brace) and likes of each item."""
    table = TABLES["items"]
    card, details = (
        f"substr({json_of(table, columns)}, 2)"
        for columns in (Card.model_fields, ItemDetails.model_fields)
    )
    rows = con.sql(
        f"SELECT item_id, {card} AS card, {details} AS details, like_count "  # noqa: S608
        "FROM items ORDER BY item_idx"
    ).to_arrow_table()
    for name in ("item_id", "card", "details"):
        yield from named_texts(f"item.{name}", texts_of(rows.column(name)))
    yield "item.like_count", rows.column("like_count").to_numpy().astype(np.int32)


def order_arrays(con: duckdb.DuckDBPyConnection, allowed: NDArray[np.bool_]) -> Arrays:
    """Allowed items in the orders in which they are browsed."""
    for name, order in (
        ("popular", "like_count DESC"),
        ("latest", "coalesce(published_at, first_seen_at) DESC"),
        ("trending", "trend_score DESC, like_count DESC"),
    ):
        rows = con.sql(f"SELECT item_idx FROM items ORDER BY {order}, item_idx")  # noqa: S608
        idxs = rows.to_arrow_table().column("item_idx").to_numpy().astype(np.int32)
        yield f"order.{name}", idxs[allowed[idxs]]
