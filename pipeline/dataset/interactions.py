"""What models learn from: one row a person and an item, after the k-core."""

from __future__ import annotations

import polars as pl

from pipeline.dataset.columns import ITEM_ID, LIKED_AT, PAIR, USER_ID, WEIGHT

__all__ = ["interactions", "k_core"]


def interactions(likes: pl.DataFrame, *, user_floor: int = 1, item_floor: int = 1) -> pl.DataFrame:
    """Interactions of these likes: unique, within the k-core, sorted by user and item.

    Parameters
    ----------
    likes : columns ``user_id``, ``item_id``, ``liked_at`` and, if weighted, ``weight``
        (else 1).  Of a pair that stands twice the earliest time and the largest weight count.
    user_floor, item_floor : fewest likes of a user and of an item, at least 1 (off).

    Returns
    -------
    columns of ``tables``' ``interactions``: ``user_id``, ``item_id``, ``weight`` (float32),
    ``liked_at``.
    """
    weight = pl.col(WEIGHT).max() if WEIGHT in likes.columns else pl.lit(1.0).first()
    unique = likes.group_by(PAIR).agg(weight.cast(pl.Float32).alias(WEIGHT), pl.col(LIKED_AT).min())
    return k_core(unique, user_floor=user_floor, item_floor=item_floor).sort(PAIR)


def k_core(pairs: pl.DataFrame, *, user_floor: int, item_floor: int) -> pl.DataFrame:
    """The largest part in which every user and every item has its floor of rows.

    Users and items below their floor are dropped in turn until none is; empty where no such
    part exists.  The order of rows is kept.

    Raises
    ------
    ValueError : a floor below 1.
    """
    if min(user_floor, item_floor) < 1:
        raise ValueError(f"floors are {user_floor} and {item_floor}, must be at least 1")
    kept = pl.all_horizontal(
        pl.len().over(USER_ID) >= user_floor, pl.len().over(ITEM_ID) >= item_floor
    )
    while len(core := pairs.filter(kept)) < len(pairs):
        pairs = core
    return pairs
