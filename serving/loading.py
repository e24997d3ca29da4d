"""A published snapshot becomes a loaded one, or is refused with every reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import orjson

from pipeline.pointer import Pointer, snapshot_path
from pipeline.tables import SCHEMA_VERSION
from serving.answers.base import ListKind
from serving.answers.items import Card, ItemDetails
from serving.answers.models import Evaluation, ModelCard
from serving.answers.sites import SiteAnswer
from serving.errors import SnapshotRefusedError
from serving.published import file_faults
from serving.reading import TABLES, json_objects, json_of, lists_by_model, placed, table_rows
from serving.settings import ServingSettings
from serving.snapshot import Items, Lists, Snapshot

__all__ = ["load"]

_N_POPULAR: Final = 100
_HEAD: Final = {"site", "snapshot_id", "generated_at"}
_LIST_TABLES: Final[Mapping[ListKind, tuple[str, str]]] = {
    "similar": ("item_lists", "item_idx"),
    "recommendations": ("user_lists", "user_id"),
}


def load(settings: ServingSettings, site: str, pointer: Pointer) -> Snapshot:
    """Snapshot that a pointer names, in memory; its file is closed again.

    Raises
    ------
    SnapshotRefusedError : the file is missing, is not the one that was published, is of another
        schema version or contradicts itself.
    """
    path = snapshot_path(settings.data, site, pointer.snapshot_id)
    faults = list(file_faults(path, pointer))
    if faults:
        raise SnapshotRefusedError(faults)
    try:
        with _open(path, settings) as con:
            return _read(con, site, pointer, settings.default_model)
    except (duckdb.Error, ValueError, KeyError) as err:
        raise SnapshotRefusedError([f"{path.name} cannot be read: {_short(err)}"]) from err


def _open(path: Path, settings: ServingSettings) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        str(path),
        read_only=True,
        config={
            "threads": settings.load_threads,
            "memory_limit": f"{settings.load_memory_mb}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def _short(err: Exception) -> str:
    return str(err).splitlines()[0][:300] if str(err) else type(err).__name__


def _read(
    con: duckdb.DuckDBPyConnection, site: str, pointer: Pointer, default_model: str
) -> Snapshot:
    info = _info(con, site, pointer)
    items = _items(con)
    user_ids = [row[0] for row in con.sql("SELECT user_id FROM user_items").fetchall()]
    users = {user_id: row for row, user_id in enumerate(user_ids)}
    models = table_rows(con, "models", ("position", "model"))
    names = [str(model["model"]) for model in models]
    positions = {idx: idx for idx in range(len(items.ids))}
    lists: dict[ListKind, dict[str, Lists]] = {
        "similar": _lists(con, "similar", names, positions, len(items.ids)),
        "recommendations": _lists(con, "recommendations", names, users, len(items.ids)),
    }
    popular = con.sql(
        f"SELECT item_idx FROM items ORDER BY like_count DESC, item_idx LIMIT {_N_POPULAR}"  # noqa: S608
    ).fetchall()
    described = _site(con, info, names)
    return Snapshot(
        site=described,
        head=described.model_dump_json(include=_HEAD).encode()[:-1],
        items=items,
        users=users,
        lists={kind: _in_default_order(named, default_model) for kind, named in lists.items()},
        models=tuple(_models(con, models, lists)),
        popular=tuple(idx for (idx,) in popular),
    )


def _info(con: duckdb.DuckDBPyConnection, site: str, pointer: Pointer) -> dict[str, Any]:
    (info,) = table_rows(con, "snapshot_info")
    expected = {
        "site": site,
        "snapshot_id": pointer.snapshot_id,
        "schema_version": SCHEMA_VERSION,
    }
    faults = [
        f"snapshot_info.{name} is {info[name]!r}, expected {value!r}"
        for name, value in expected.items()
        if info[name] != value
    ]
    if faults:
        raise SnapshotRefusedError(faults)
    return info


def _items(con: duckdb.DuckDBPyConnection) -> Items:
    table = TABLES["items"]
    rows = con.sql("SELECT item_idx, item_id FROM items ORDER BY item_idx").fetchall()
    ids = [item_id for _, item_id in rows]
    index = {item_id: idx for idx, item_id in rows}
    if [idx for idx, _ in rows] != list(range(len(rows))) or len(index) != len(rows):
        raise SnapshotRefusedError(["items: item_idx has gaps, or an item_id stands twice"])
    card, details = (
        json_objects(con, f"SELECT {json_of(table, columns)} FROM items ORDER BY item_idx")  # noqa: S608
        for columns in (Card.model_fields, ItemDetails.model_fields)
    )
    return Items(ids, index, card, details)


def _lists(
    con: duckdb.DuckDBPyConnection,
    kind: ListKind,
    models: Sequence[str],
    row_of: Mapping[Any, int],
    n_items: int,
) -> dict[str, Lists]:
    """Lists of one kind of every model that has any."""
    table, key = _LIST_TABLES[kind]
    found: dict[str, Lists] = {}
    for model in models:
        ids, lengths, idxs, scores = lists_by_model(con, table=table, subject=key, model=model)
        rows = np.fromiter((row_of.get(one, -1) for one in ids), np.int64, len(ids))
        faults = [
            f"{table} of {model}: {fault}"
            for fault, holds in (
                ("a list of an unknown subject", bool((rows < 0).any())),
                ("a subject with two lists", len(np.unique(rows)) != len(rows)),
                ("an unknown item_idx", bool(((idxs < 0) | (idxs >= n_items)).any())),
                ("a score that is not finite", not np.isfinite(scores).all()),
            )
            if holds
        ]
        if faults:
            raise SnapshotRefusedError(faults)
        if len(idxs):
            found[model] = placed(rows, lengths, len(row_of), idxs, scores)
    return found


def _in_default_order(named: Mapping[str, Lists], default_model: str) -> dict[str, Lists]:
    first = [default_model] if default_model in named else []
    return {name: named[name] for name in (*first, *(n for n in named if n not in first))}


def _site(con: duckdb.DuckDBPyConnection, info: dict[str, Any], models: list[str]) -> SiteAnswer:
    (row,) = table_rows(con, "site")
    fields = {**row, **info, "generated_at": info["created_at"], "models": models}
    return SiteAnswer(**{name: fields[name] for name in SiteAnswer.model_fields})


def _models(
    con: duckdb.DuckDBPyConnection,
    rows: Sequence[dict[str, Any]],
    lists: Mapping[ListKind, Mapping[str, Lists]],
) -> Iterator[ModelCard]:
    evaluation = table_rows(con, "evaluation", ("model", "metric", "k"))
    for row in rows:
        name = row["model"]
        yield ModelCard(
            **{**row, "parameters": orjson.loads(row["parameters"])},
            lists=[kind for kind, named in lists.items() if name in named],
            evaluation=[
                Evaluation(**{key: line[key] for key in Evaluation.model_fields})
                for line in evaluation
                if line["model"] == name
            ],
        )
