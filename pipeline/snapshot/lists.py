"""Lists of a model as Arrow tables, with no loop over rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import SnapshotError
from pipeline.lists import ModelLists

__all__ = ["filled_lists", "list_columns"]


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
    subjects = {
        "user_lists": ("user_id", pa.array(lists.user_ids.astype(object), pa.string())),
        "item_lists": ("item_idx", pa.array(lists.item_idxs, pa.int32())),
    }
    arrays = {
        "user_lists": (lists.user_item_idxs, lists.user_scores),
        "item_lists": (lists.item_item_idxs, lists.item_scores),
    }
    for table, (name, keys) in subjects.items():
        listed, scores = list_columns(*arrays[table])
        if len(listed.values):
            models = pa.array([lists.model] * len(keys), pa.string())
            yield table, pa.table({name: keys, "model": models, **_named(listed, scores)})


def _named(listed: pa.ListArray, scores: pa.ListArray) -> dict[str, pa.ListArray]:
    return {"item_idxs": listed, "scores": scores}


def list_columns(
    item_idxs: NDArray[np.int32], scores: NDArray[np.float32]
) -> tuple[pa.ListArray, pa.ListArray]:
    """Columns of lists without their padding.

    Parameters
    ----------
    item_idxs : shape (n, k); -1 pads.
    scores : shape (n, k); read only where an item stands.
    """
    listed = item_idxs >= 0  # (n, k)
    offsets = np.zeros(len(item_idxs) + 1, dtype=np.int32)
    np.cumsum(listed.sum(axis=1), out=offsets[1:])
    return (
        pa.ListArray.from_arrays(offsets, np.ascontiguousarray(item_idxs[listed], dtype=np.int32)),
        pa.ListArray.from_arrays(offsets, np.ascontiguousarray(scores[listed], dtype=np.float32)),
    )
