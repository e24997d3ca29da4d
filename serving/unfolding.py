"""A published DuckDB file becomes a folder of flat arrays that every worker maps.

``python -m serving.unfolding`` does it in a process of its own: a worker keeps its memory and
goes on answering, and a file that breaks the reader breaks nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.deny import DenyList
from pipeline.tables import SCHEMA_VERSION
from serving.answers.base import ListKind
from serving.answers.items import Card, ItemDetails
from serving.arrays import Rows, Texts, write_arrays
from serving.errors import SnapshotRefusedError, short
from serving.reading import TABLES, json_of, rows_of, table_rows, texts_of
from serving.snapshot import GroupKind

__all__ = ["FACTS", "GROUP_TABLES", "LIST_TABLES", "unfold"]

FACTS: Final = "facts.json"
GROUP_TABLES: Final[Mapping[GroupKind, str]] = {
    "tag": "tags",
    "category": "categories",
    "creator": "creators",
}
LIST_TABLES: Final[Mapping[ListKind, tuple[str, str]]] = {
    "similar": ("item_lists", "item_idx"),
    "recommendations": ("user_lists", "user_id"),
}
_SMALL_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "site": (),
    "snapshot_info": (),
    "models": ("position", "model"),
    "evaluation": ("model", "metric", "k"),
}

Arrays = Iterator[tuple[str, NDArray[Any]]]


def unfold(
    path: Path, folder: Path, denied: DenyList, *, threads: int = 1, memory_mb: int = 256
) -> None:
    """Fill an empty folder from a snapshot's file; what is denied is in no list of it.

    Raises
    ------
    SnapshotRefusedError : the file cannot be read or contradicts itself.
    """
    config: dict[str, Any] = {
        "threads": threads,
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(str(path), read_only=True, config=config) as con:
            facts = {name: table_rows(con, name, order) for name, order in _SMALL_TABLES.items()}
            _refuse_other_versions(facts)
            write_arrays(folder, _arrays(con, facts, denied))
        (folder / FACTS).write_bytes(orjson.dumps(facts))
    except (duckdb.Error, ValueError, KeyError) as err:
        raise SnapshotRefusedError([f"{path.name} cannot be read: {short(err)}"]) from err


def _refuse_other_versions(facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    (info,), (_,) = facts["snapshot_info"], facts["site"]
    if info["schema_version"] != SCHEMA_VERSION:
        raise SnapshotRefusedError(
            [f"snapshot_info.schema_version is {info['schema_version']}, expected {SCHEMA_VERSION}"]
        )


def _arrays(
    con: duckdb.DuckDBPyConnection, facts: Mapping[str, Sequence[Any]], denied: DenyList
) -> Arrays:
    ids, allowed = _ids(con, denied)
    yield "item.allowed", allowed
    yield from _items(con)
    yield from _orders(con, allowed)
    for group, table in GROUP_TABLES.items():
        yield from _groups(con, group, table, allowed)
    users = con.sql("SELECT user_id, item_idxs FROM user_items").to_arrow_table()
    user_ids = users.column("user_id")
    yield from _texts("user.ids", texts_of(user_ids))
    yield from _rows("user.items", rows_of(users.column("item_idxs"))[0])
    subjects: dict[ListKind, tuple[Mapping[Any, int], int]] = {
        "similar": ({idx: idx for idx in range(len(ids))}, len(ids)),
        "recommendations": (
            {user_id: row for row, user_id in enumerate(user_ids.to_pylist())},
            len(users),
        ),
    }
    models = [model["model"] for model in facts["models"]]
    for kind, (row_of, n_subjects) in subjects.items():
        for number, model in enumerate(models):
            arrays = _lists(con, (kind, model), row_of, n_subjects, allowed)
            yield from ((f"{kind}.{number}.{name}", array) for name, array in arrays)
    for number, model in enumerate(models):
        arrays = _fold_ins(con, model, len(ids))
        yield from ((f"visitors.{number}.{name}", array) for name, array in arrays)


def _ids(con: duckdb.DuckDBPyConnection, denied: DenyList) -> tuple[list[str], NDArray[np.bool_]]:
    """Ids by position, and which items are not denied."""
    rows = con.sql(
        "SELECT item_idx, item_id, creator, tags FROM items ORDER BY item_idx"
    ).fetchall()
    ids = [item_id for _, item_id, _, _ in rows]
    if [idx for idx, *_ in rows] != list(range(len(rows))) or len(set(ids)) != len(rows):
        raise SnapshotRefusedError(["items: item_idx has gaps, or an item_id stands twice"])
    allowed = [not denied.denies(item_id, creator, tags) for _, item_id, creator, tags in rows]
    return ids, np.asarray(allowed, bool)


def _items(con: duckdb.DuckDBPyConnection) -> Arrays:
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
        yield from _texts(f"item.{name}", texts_of(rows.column(name)))
    yield "item.like_count", rows.column("like_count").to_numpy().astype(np.int32)


def _orders(con: duckdb.DuckDBPyConnection, allowed: NDArray[np.bool_]) -> Arrays:
    """Allowed items in the orders in which they are browsed."""
    for name, order in (
        ("popular", "like_count DESC"),
        ("latest", "coalesce(published_at, first_seen_at) DESC"),
        ("trending", "trend_score DESC, like_count DESC"),
    ):
        rows = con.sql(f"SELECT item_idx FROM items ORDER BY {order}, item_idx")  # noqa: S608
        idxs = rows.to_arrow_table().column("item_idx").to_numpy().astype(np.int32)
        yield f"order.{name}", idxs[allowed[idxs]]


def _groups(
    con: duckdb.DuckDBPyConnection, kind: str, table: str, allowed: NDArray[np.bool_]
) -> Arrays:
    """Groups that have an allowed item left, most liked first."""
    found = con.sql(
        f"SELECT slug, name, like_count, item_idxs FROM {table} ORDER BY like_count DESC, slug"  # noqa: S608
    ).to_arrow_table()
    rows, _ = rows_of(found.column("item_idxs"))
    _refuse_unknown(table, rows.idxs, len(allowed))
    kept = _kept(rows, allowed[rows.idxs])
    filled = np.flatnonzero(np.diff(kept.starts))
    items = Rows(np.concatenate([[0], kept.starts[filled + 1]]), kept.idxs)
    chosen = found.take(filled)
    yield from _texts(f"{kind}.slugs", texts_of(chosen.column("slug")))
    yield from _texts(f"{kind}.names", texts_of(chosen.column("name")))
    yield f"{kind}.like_counts", chosen.column("like_count").to_numpy().astype(np.int32)
    yield from _rows(f"{kind}.items", items)
    yield from _rows(f"{kind}.of_items", items.transposed(len(allowed)))


def _lists(
    con: duckdb.DuckDBPyConnection,
    which: tuple[ListKind, str],
    row_of: Mapping[Any, int],
    n_subjects: int,
    allowed: NDArray[np.bool_],
) -> Arrays:
    """Lists of one kind of one model by subject; nothing where it has none."""
    kind, model = which
    table, subject = LIST_TABLES[kind]
    found = con.sql(
        f"SELECT {subject}, item_idxs, scores FROM {table} WHERE model = $model",  # noqa: S608
        params={"model": model},
    ).to_arrow_table()
    rows, _ = rows_of(found.column("item_idxs"))
    of_scores, scores = rows_of(found.column("scores"), np.float32)
    if not np.array_equal(rows.starts, of_scores.starts):
        raise ValueError(f"{table} of {model}: a list and its scores differ in length")
    ids = found.column(subject).to_pylist()
    subjects = np.fromiter((row_of.get(one, -1) for one in ids), np.int64, len(ids))
    faults = [
        f"{table} of {model}: {fault}"
        for fault, holds in (
            ("a list of an unknown subject", bool((subjects < 0).any())),
            ("a subject with two lists", len(np.unique(subjects)) != len(subjects)),
            (
                "an unknown item_idx",
                bool(((rows.idxs < 0) | (rows.idxs >= len(allowed))).any()),
            ),
            ("a score that is not finite", not np.isfinite(scores).all()),
        )
        if holds
    ]
    if faults:
        raise SnapshotRefusedError(faults)
    if not len(rows.idxs):
        return
    starts, places = _by_subject(rows, subjects, n_subjects)
    placed = Rows(starts, rows.idxs[places])
    is_kept = allowed[placed.idxs]
    kept = _kept(placed, is_kept)
    yield "starts", kept.starts
    yield "idxs", kept.idxs
    yield "scores", scores[places][is_kept]


def _fold_ins(con: duckdb.DuckDBPyConnection, model: str, n_items: int) -> Arrays:
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
    found = con.sql(
        "SELECT item_idx, factors FROM item_factors WHERE model = $model",
        params={"model": model},
    ).to_arrow_table()
    if len(found):
        _, flat = rows_of(found.column("factors"), np.float32)
        factors = np.zeros((n_items, len(flat) // len(found)), np.float32)
        factors[found.column("item_idx").to_numpy()] = flat.reshape(len(found), -1)
        yield "factors", factors


def _by_subject(
    rows: Rows, subjects: NDArray[np.int64], n_subjects: int
) -> tuple[NDArray[np.int64], NDArray[np.int64] | slice]:
    """Starts of the rows in the order of their subjects, and where each value comes from."""
    lengths = np.zeros(n_subjects, np.int64)
    lengths[subjects] = np.diff(rows.starts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    if np.all(np.diff(subjects) > 0):
        return starts, slice(None)
    first = np.zeros(n_subjects, np.int64)
    first[subjects] = rows.starts[:-1]
    return starts, np.arange(starts[-1]) + np.repeat(first - starts[:-1], lengths)


def _kept(rows: Rows, is_kept: NDArray[np.bool_]) -> Rows:
    """Rows without the values that are not kept."""
    if is_kept.all():
        return rows
    before = np.concatenate([[0], np.cumsum(is_kept)])
    return Rows(before[rows.starts], rows.idxs[is_kept])


def _refuse_unknown(table: str, idxs: NDArray[np.int32], n_items: int) -> None:
    if len(idxs) and not 0 <= idxs.min() <= idxs.max() < n_items:
        raise SnapshotRefusedError([f"{table}: an unknown item_idx"])


def _texts(name: str, texts: Texts) -> Arrays:
    yield f"{name}.starts", texts.starts
    yield f"{name}.data", texts.data


def _rows(name: str, rows: Rows) -> Arrays:
    yield f"{name}.starts", rows.starts
    yield f"{name}.idxs", rows.idxs


def main(arguments: Sequence[str] | None = None) -> int:
    """Unfold by the arguments path, folder, denied (JSON), threads, megabytes; 0 when done.

    A refusal prints its faults as a JSON list and gives 3.
    """
    path, folder, denied, threads, memory_mb = sys.argv[1:] if arguments is None else arguments
    deny = DenyList(**{name: frozenset(names) for name, names in orjson.loads(denied).items()})
    try:
        unfold(Path(path), Path(folder), deny, threads=int(threads), memory_mb=int(memory_mb))
    except SnapshotRefusedError as err:
        sys.stdout.buffer.write(orjson.dumps(err.faults))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
