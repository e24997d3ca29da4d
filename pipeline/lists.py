"""Lists of one model, as they travel from the step that ranks to the step that publishes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.files import write_atomically

__all__ = ["ModelLists", "lists_path", "load_lists", "save_lists"]

_SUFFIX: Final = ".lists.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLists:
    """What one model recommends: to each user, and beside each item.

    Attributes
    ----------
    model : name of the model.
    item_ids : shape (n_items,), ascending; position = ``item_idx`` of every list below.
    user_ids : shape (n_users,), ascending; one a row of the next two.
    user_item_idxs : int32, shape (n_users, k), best first; -1 pads short lists at the end.
    user_scores : float32, shape (n_users, k), descending; NaN where padded.
    item_idxs : int32, shape (n_subjects,), ascending; items that have a list of similar items.
    item_item_idxs, item_scores : shape (n_subjects, k), as for users; no rows for a model
        that knows no similarity of items.

    Raises
    ------
    ValueError : shapes do not fit one another.
    """

    model: str
    item_ids: NDArray[np.str_]
    user_ids: NDArray[np.str_]
    user_item_idxs: NDArray[np.int32]
    user_scores: NDArray[np.float32]
    item_idxs: NDArray[np.int32]
    item_item_idxs: NDArray[np.int32]
    item_scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        for rows, listed, scores in (
            (self.user_ids, self.user_item_idxs, self.user_scores),
            (self.item_idxs, self.item_item_idxs, self.item_scores),
        ):
            if listed.ndim != 2 or listed.shape != scores.shape or len(rows) != len(listed):  # noqa: PLR2004
                raise ValueError(
                    f"lists of {self.model}: {len(rows)} subjects, item_idxs of shape "
                    f"{listed.shape} and scores of shape {scores.shape} do not fit"
                )


def lists_path(data: Path, site: str, model: str) -> Path:
    """File of a model's lists, whether it exists or not."""
    return data / "models" / site / f"{model}{_SUFFIX}"


def save_lists(path: Path, lists: ModelLists) -> None:
    """Write lists as ``.npz`` without pickle, whole or not at all."""
    arrays = {field.name: np.asarray(getattr(lists, field.name)) for field in fields(lists)}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomically(path, write)


def load_lists(path: Path) -> ModelLists:
    """Lists written by `save_lists`.

    Raises
    ------
    FileNotFoundError : nothing was saved there.
    ValueError : the file holds something else.
    """
    with np.load(path, allow_pickle=False) as file:
        try:
            arrays = {field.name: file[field.name] for field in fields(ModelLists)}
        except KeyError as err:
            raise ValueError(f"{path} does not hold lists of a model: {err}") from err
    return ModelLists(**{**arrays, "model": str(arrays["model"])})
