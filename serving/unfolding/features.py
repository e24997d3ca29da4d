"""What models know tags, categories and creators by, and what these are called."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np

from serving.arrays import Texts
from serving.errors import SnapshotRefusedError
from serving.snapshot import FEATURE_KINDS, SIDES, GroupKind
from serving.unfolding.parts import (
    Arrays,
    factors_of,
    named_texts,
    refuse_not_finite,
    refuse_unknown,
    values_of,
)

__all__ = ["composed_arrays", "feature_arrays", "share_arrays", "vector_arrays"]


def feature_arrays(
    con: duckdb.DuckDBPyConnection, names: Mapping[GroupKind, Mapping[str, str]]
) -> Arrays:
    """Kind and name of each feature, and which of them are called the same.

    Parameters
    ----------
    names : of the groups that have an allowed item, by slug; a feature of no such group has an
        empty name and is never told.

    Raises
    ------
    SnapshotRefusedError : positions have gaps.
    """
    rows = con.sql("SELECT feature_idx, kind, slug FROM features ORDER BY feature_idx").fetchall()
    if [idx for idx, *_ in rows] != list(range(len(rows))):
        raise SnapshotRefusedError(["features: feature_idx has gaps"])
    found = [(kind, slug) for _, kind, slug in rows]
    first: dict[tuple[str, str], int] = {}
    labels = [first.setdefault(key, place) for place, key in enumerate(found)]
    yield "kinds", np.asarray([FEATURE_KINDS.index(kind) for kind, _ in found], np.uint8)
    yield "labels", np.asarray(labels, np.int32)
    yield from named_texts(
        "names", Texts.of(names[kind].get(slug, "").encode() for kind, slug in found)
    )


def vector_arrays(
    con: duckdb.DuckDBPyConnection, model: str, n_features: int, n_items: int
) -> Arrays:
    """Features of the items of a model, and what a like of each counts, where it has any."""
    found = con.sql(
        "SELECT item_idx, feature_idxs, weights, like_weight FROM item_vectors "
        "WHERE model = $model ORDER BY item_idx",
        params={"model": model},
    ).to_arrow_table()
    if not len(found):
        return
    rows, weights = values_of(found, "feature_idxs", "weights", "item_vectors")
    refuse_not_finite("item_vectors", "weights", weights)
    items = found.column("item_idx").to_numpy()
    refuse_unknown("item_vectors", items, n_items)
    refuse_unknown("item_vectors", rows.idxs, n_features, "feature_idx")
    counts = np.zeros(n_items, np.int64)
    counts[items] = np.diff(rows.starts)
    yield "vectors.starts", np.concatenate([[0], np.cumsum(counts)])
    yield "vectors.idxs", rows.idxs
    yield "vectors.values", weights
    if not found.column("like_weight").null_count:
        given = found.column("like_weight").to_numpy()
        refuse_not_finite("item_vectors", "like_weight", given)
        likes = np.ones(n_items, np.float32)
        likes[items] = given
        yield "vectors.likes", likes
        yield "listable", items.astype(np.int32)


def share_arrays(con: duckdb.DuckDBPyConnection, model: str, n_items: int) -> Arrays:
    """What likes and features weigh in the score of each item, where a model sums both."""
    found = con.sql(
        "SELECT item_idx, of_likes, of_features FROM item_shares WHERE model = $model",
        params={"model": model},
    ).to_arrow_table()
    items = found.column("item_idx").to_numpy()
    refuse_unknown("item_shares", items, n_items)
    if len(found):
        for side in SIDES:
            given = found.column(f"of_{side}").to_numpy()
            refuse_not_finite("item_shares", f"of_{side}", given)
            shares = np.zeros(n_items, np.float32)
            shares[items] = given
            yield f"shares.{side}", shares


def composed_arrays(
    con: duckdb.DuckDBPyConnection,
    model: str,
    row_of_user: Mapping[str, int],
    sizes: tuple[int, int, int],
) -> Arrays:
    """Factors that scores of a model are composed of, biases last, where it has any.

    Parameters
    ----------
    sizes : how many features, items and people there are.
    """
    tables = (
        ("feature_factors", "feature_idx"),
        ("own_factors", "item_idx"),
        ("user_factors", "user_id"),
    )
    width = None
    for (table, key), n_rows in zip(tables, sizes, strict=True):
        found = con.sql(
            f"SELECT {key}, factors, bias FROM {table} WHERE model = $model",  # noqa: S608
            params={"model": model},
        ).to_arrow_table()
        factors = factors_of(found, table, width)
        width = factors.shape[1]
        if not width:
            return
        rows = np.zeros((n_rows, width + 1), np.float32)
        keys = found.column(key)
        places = (
            np.fromiter((row_of_user[one] for one in keys.to_pylist()), np.int64, len(keys))
            if key == "user_id"
            else keys.to_numpy()
        )
        refuse_unknown(table, places, n_rows, key)
        rows[places, :-1] = factors
        rows[places, -1] = found.column("bias").to_numpy()
        refuse_not_finite(table, "bias", rows[:, -1])
        yield table, rows
