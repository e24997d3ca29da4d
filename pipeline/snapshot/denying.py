"""What the operator denies leaves the tables that a snapshot is built from."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl

from pipeline.dataset.columns import ITEM_ID
from pipeline.dataset.presence import Presence
from pipeline.deny import DenyList

__all__ = ["denied_faults", "without_denied"]


def without_denied(present: Presence, denied: DenyList) -> Presence:
    """The tables as if the site no longer had what is denied: gone with its likes.

    A denied item that is known by its likes alone is a gone item with nothing but an id.
    """
    if not denied:
        return present
    described = present.items.filter(_denies(denied))
    liked = present.likes.filter(pl.col(ITEM_ID).is_in(sorted(denied.items)))
    by_id = liked.select(pl.col(ITEM_ID).unique())
    undescribed = by_id.join(present.items, on=ITEM_ID, how="anti")
    denied_items = pl.concat([described, undescribed], how="diagonal")
    leaves = pl.col(ITEM_ID).is_in(denied_items[ITEM_ID].implode())
    return Presence(
        likes=present.likes.filter(~leaves),
        items=present.items.filter(~leaves),
        gone_likes=pl.concat([present.gone_likes, present.likes.filter(leaves)]),
        gone_items=pl.concat([present.gone_items, denied_items]),
    )


def denied_faults(connection: duckdb.DuckDBPyConnection, denied: DenyList) -> Iterator[str]:
    """One sentence where a snapshot's file holds items that are denied, with their number."""
    if denied:
        rows = connection.execute("SELECT item_id, creator, tags FROM items").fetchall()
        count = sum(denied.denies(*row) for row in rows)
        if count:
            yield f"{count} items that the operator denies"


def _denies(denied: DenyList) -> pl.Expr:
    return pl.struct(ITEM_ID, "creator", "tags").map_elements(
        lambda row: denied.denies(row[ITEM_ID], row["creator"], row["tags"] or ()),
        return_dtype=pl.Boolean,
    )
