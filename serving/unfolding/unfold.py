"""All arrays and facts of a published snapshot, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.deny import DenyList
from pipeline.tables import SCHEMA_VERSION
from serving.answers.base import ListKind
from serving.arrays import Texts, write_arrays
from serving.errors import SnapshotRefusedError, short
from serving.folders import ARRAYS, FACTS
from serving.reading import rows_of, table_rows, texts_of
from serving.search.building import GroupText, search_arrays
from serving.snapshot import GroupKind
from serving.unfolding.features import (
    composed_arrays,
    feature_arrays,
    share_arrays,
    vector_arrays,
)
from serving.unfolding.groups import group_arrays
from serving.unfolding.items import item_arrays, order_arrays, search_texts
from serving.unfolding.lists import list_arrays
from serving.unfolding.parts import Arrays, named_rows, named_texts, prefixed, refuse_unknown
from serving.unfolding.visitors import refuse_parts_not_finite, visitor_arrays

__all__ = ["unfold"]

_GROUP_TABLES: Final[Mapping[GroupKind, str]] = {
    "tag": "tags",
    "category": "categories",
    "creator": "creators",
}
_SEARCHED: Final[tuple[GroupKind, ...]] = ("tag", "creator")
_SMALL_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "site": (),
    "snapshot_info": (),
    "models": ("position", "model"),
    "evaluation": ("model", "metric", "k"),
    "evaluation_slices": ("model", "slice", "metric", "k"),
    "evaluation_differences": ("model", "against", "metric", "k"),
    "model_overlap": ("model", "other", "k"),
    "charts": (),
    "visitor_parts": ("model", "weight DESC", "part"),
}


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
            refuse_parts_not_finite(con)
            write_arrays(folder / ARRAYS, _arrays(con, facts, denied))
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
    ids, texts = search_texts(con, denied)
    allowed = np.asarray([text.allowed for text in texts], bool)
    like_counts = np.asarray([text.like_count for text in texts], np.int32)
    yield "item.allowed", allowed
    yield from item_arrays(con)
    yield from order_arrays(con, allowed)
    names: dict[str, list[GroupText]] = {}
    spellings: dict[GroupKind, Mapping[str, str]] = {}
    for group, table in _GROUP_TABLES.items():
        arrays = dict(group_arrays(con, table, allowed, like_counts))
        names[group] = _group_texts(arrays)
        spellings[group] = _spellings(arrays)
        yield from prefixed(group, iter(arrays.items()))
    found = search_arrays(texts, {kind: names[kind] for kind in _SEARCHED})
    yield from prefixed("search", iter(found.items()))
    users = con.sql("SELECT user_id, item_idxs FROM user_items").to_arrow_table()
    user_ids = users.column("user_id")
    yield from named_texts("user.ids", texts_of(user_ids))
    liked, _ = rows_of(users.column("item_idxs"))
    refuse_unknown("user_items", liked.idxs, len(ids))
    yield from named_rows("user.items", liked)
    subjects: dict[ListKind, tuple[Mapping[Any, int], int]] = {
        "similar": ({idx: idx for idx in range(len(ids))}, len(ids)),
        "recommendations": (
            {user_id: row for row, user_id in enumerate(user_ids.to_pylist())},
            len(users),
        ),
    }
    features = dict(feature_arrays(con, spellings))
    yield from prefixed("feature", iter(features.items()))
    sizes = (len(features["kinds"]), len(ids), len(users))
    models = [model["model"] for model in facts["models"]]
    for number, model in enumerate(models):
        for kind, (row_of, n_subjects) in subjects.items():
            lists = list_arrays(con, (kind, model), row_of, n_subjects, allowed)
            yield from prefixed(f"{kind}.{number}", lists)
        yield from prefixed(f"visitors.{number}", visitor_arrays(con, model, len(ids)))
        vectors = vector_arrays(con, model, len(features["kinds"]), len(ids))
        yield from prefixed(f"visitors.{number}", vectors)
        yield from prefixed(f"visitors.{number}", share_arrays(con, model, len(ids)))
        composed = composed_arrays(con, model, subjects["recommendations"][0], sizes)
        yield from prefixed(f"composed.{number}", composed)


def _spellings(arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, str]:
    """Name of each group by its slug."""
    slugs, names = (
        [text.decode() for text in Texts(arrays[f"{name}.starts"], arrays[f"{name}.data"])]
        for name in ("slugs", "names")
    )
    return dict(zip(slugs, names, strict=True))


def _group_texts(arrays: Mapping[str, NDArray[Any]]) -> list[GroupText]:
    names = Texts(arrays["names.starts"], arrays["names.data"])
    counts = arrays["like_counts"].tolist()
    return [GroupText(name.decode(), count) for name, count in zip(names, counts, strict=True)]
