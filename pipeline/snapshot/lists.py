"""Lists of a model as Arrow tables, with no loop over rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import SnapshotError
from pipeline.lists import ModelLists

__all__ = ["filled_lists", "list_columns", "without"]

_BATCH_ROWS: Final = 8192


def without(
    lists: ModelLists, item_ids: NDArray[np.str_], user_ids: NDArray[np.str_]
) -> ModelLists:
    """The lists as if these items and these people had never been."""
    stay = ~np.isin(lists.item_ids, item_ids)
    people = ~np.isin(lists.user_ids, user_ids)
    if stay.all() and people.all():
        return lists
    places = np.full(len(stay) + 1, -1, dtype=np.int32)  # the last is where -1 leads
    places[:-1][stay] = np.arange(stay.sum(), dtype=np.int32)
    subjects = stay[lists.item_idxs]
    return ModelLists(
        model=lists.model,
        item_ids=lists.item_ids[stay],
        user_ids=lists.user_ids[people],
        user_item_idxs=places[lists.user_item_idxs[people]],
        user_scores=lists.user_scores[people],
        item_idxs=places[lists.item_idxs[subjects]],
        item_item_idxs=places[lists.item_item_idxs[subjects]],
        item_scores=lists.item_scores[subjects],
    )


def filled_lists(lists: ModelLists, item_ids: NDArray[np.str_]) -> Iterator[tuple[str, pa.Table]]:
    """Rows of ``user_lists`` and ``item_lists``; a part that lists nothing gives no rows.

    Raises
    ------
    SnapshotError : the lists were made over other items than ``item_ids``.
    """
    if not np.array_equal(lists.item_ids, item_ids):
        raise SnapshotError(
            f"lists of {lists.model} were made over {len(lists.item_ids)} items, the snapshot has "
            f"{len(item_ids)} or others: make the lists again from the present likes and items"
        )
    parts = (
        ("user_lists", "user_id", lists.user_ids, lists.user_item_idxs, lists.user_scores),
        ("item_lists", "item_idx", lists.item_idxs, lists.item_item_idxs, lists.item_scores),
    )
    for table, key, subjects, item_idxs, scores in parts:
        starts = range(0, len(subjects), _BATCH_ROWS) if (item_idxs >= 0).any() else ()
        for rows in (slice(start, start + _BATCH_ROWS) for start in starts):
            listed, of_items = list_columns(item_idxs[rows], scores[rows])
            columns = {
                key: pa.array(subjects[rows].tolist()),
                "model": pa.repeat(lists.model, len(listed)),
                "item_idxs": listed,
                "scores": of_items,
            }
            yield table, pa.table(columns)


def list_columns(
    item_idxs: NDArray[np.int32], scores: NDArray[np.float32]
) -> tuple[pa.ListArray, pa.ListArray]:
    """Columns of lists without their padding.

    Parameters
    ----------
    item_idxs : shape (n, k); -1 stands for no item.
    scores : shape (n, k); read only where an item stands.
    """
    listed = item_idxs >= 0  # (n, k)
    offsets = np.zeros(len(item_idxs) + 1, dtype=np.int32)
    np.cumsum(listed.sum(axis=1), out=offsets[1:])
    return (
        pa.ListArray.from_arrays(offsets, np.ascontiguousarray(item_idxs[listed], dtype=np.int32)),
        pa.ListArray.from_arrays(offsets, np.ascontiguousarray(scores[listed], dtype=np.float32)),
    )
