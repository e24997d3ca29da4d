"""What items are described by: tags, categories and creator, as unit vectors."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipeline.dataset.columns import CATEGORIES, CREATOR, FEATURE, ITEM_ID, TAGS, WEIGHT

__all__ = ["item_features"]

_PREFIXES: Final = {TAGS: "tag:", CATEGORIES: "category:", CREATOR: "creator:"}


def item_features(items: pl.DataFrame, *, floor: int = 2) -> pl.DataFrame:
    """Features of items, each item's weights equal and of length 1.

    Names are compared in Unicode's form KC, lower case, with single spaces.  An item without
    a feature that reaches the floor has no row.

    Parameters
    ----------
    items : columns ``item_id``, ``tags``, ``categories``, ``creator``; nulls allowed.
    floor : fewest items that a feature needs, at least 1: a feature of one item says nothing
        about another.

    Returns
    -------
    columns ``item_id``, ``feature`` (``tag:``, ``category:`` or ``creator:``, then the name)
    and ``weight`` (float32), sorted.

    Raises
    ------
    ValueError : a floor below 1.
    """
    if floor < 1:
        raise ValueError(f"feature floor is {floor}, must be at least 1")
    described = pl.concat([_of_column(items, *pair) for pair in _PREFIXES.items()]).unique()
    frequent = described.filter(pl.len().over(FEATURE) >= floor)
    weight = (1.0 / pl.len().over(ITEM_ID).sqrt()).cast(pl.Float32)
    return frequent.with_columns(weight.alias(WEIGHT)).sort(ITEM_ID, FEATURE)


def _of_column(items: pl.DataFrame, column: str, prefix: str) -> pl.DataFrame:
    listed = items.select(ITEM_ID, pl.col(column).alias(FEATURE))
    if listed.schema[FEATURE] != pl.String:
        listed = listed.explode(FEATURE)
    # polars 2.1 can lose the inner type of a list column that is all null: hence the cast
    name = (
        pl.col(FEATURE)
        .cast(pl.String)
        .str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    return (
        listed.with_columns(name)
        .filter(pl.col(FEATURE).str.len_bytes() > 0)
        .with_columns(pl.concat_str(pl.lit(prefix), FEATURE).alias(FEATURE))
    )
