"""A loaded snapshot: flat arrays and bytes that were encoded once, never written to again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.answers.base import ListKind
from serving.answers.models import ModelCard
from serving.answers.sites import SiteAnswer

__all__ = ["Items", "Lists", "Snapshot"]


@dataclass(frozen=True, slots=True)
class Lists:
    """Ranked lists of one model, one after the other; a subject without one has an empty one.

    Parameters
    ----------
    starts, stops : shape (n_subjects,), int64; where a subject's list lies in the flat arrays.
    item_idxs : flat, int32, best first in each list.
    scores : flat, float32, as long as ``item_idxs``.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    item_idxs: NDArray[np.int32]
    scores: NDArray[np.float32]

    def top(self, subject: int, k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """First ``k`` items of a subject's list and their scores; fewer where it is shorter."""
        start = self.starts[subject]
        stop = min(self.stops[subject], start + k)
        return self.item_idxs[start:stop], self.scores[start:stop]

    def has(self, subject: int) -> bool:
        """Whether a subject's list holds anything."""
        return bool(self.stops[subject] > self.starts[subject])


@dataclass(frozen=True, slots=True)
class Items:
    """Items by position: ids, encoded cards and details (JSON objects without the first brace)."""

    ids: Sequence[str]
    index: Mapping[str, int]
    cards: Sequence[bytes]
    details: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the API answers from for one site.

    ``lists`` holds, for both kinds of list, the models in the order in which they are asked
    when a request names none; ``head`` is the encoded beginning of every answer, an open JSON
    object; ``popular`` are the most liked items, at most 100.
    """

    site: SiteAnswer
    head: bytes
    items: Items
    users: Mapping[str, int]
    lists: Mapping[ListKind, Mapping[str, Lists]]
    models: tuple[ModelCard, ...]
    popular: Sequence[int]

    @property
    def snapshot_id(self) -> str:
        """Name of the snapshot."""
        return self.site.snapshot_id

    def default_model(self, kind: ListKind, subject: int) -> str | None:
        """First model with a list for the subject, else the first; None where there is none."""
        named = self.lists[kind]
        with_list = (model for model, lists in named.items() if lists.has(subject))
        return next(with_list, next(iter(named), None))
