"""A whole list: what a model lists under filters, then popular items under the same filters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serving.lists.filters import Admission

__all__ = ["Page", "Ranked", "ranked"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Items in order; those after the first ``len(scores)`` are filled in and have no score.

    Attributes
    ----------
    item_idxs : int32, no item twice.
    scores : float32, of the items that the model lists.
    """

    item_idxs: NDArray[np.int32]
    scores: NDArray[np.float32]

    @property
    def own(self) -> NDArray[np.int32]:
        """Items that the model lists."""
        return self.item_idxs[: len(self.scores)]

    def reordered(self, order: NDArray[np.integer]) -> Ranked:
        """The same with the model's own items in another order."""
        filled = self.item_idxs[len(self.scores) :]
        return replace(
            self,
            item_idxs=np.concatenate([self.own[order], filled]),
            scores=self.scores[order],
        )

    def page(self, offset: int, k: int) -> Page:
        """Up to ``k`` items after the first ``offset``."""
        stop = offset + k
        return Page(
            offset=offset,
            item_idxs=self.item_idxs[offset:stop],
            scores=self.scores[offset:stop],
            next_offset=stop if stop < len(self.item_idxs) else None,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list.

    Attributes
    ----------
    offset : items before it.
    item_idxs, scores : as in `Ranked`.
    next_offset : where the next page begins; None at the end.
    """

    offset: int
    item_idxs: NDArray[np.int32]
    scores: NDArray[np.float32]
    next_offset: int | None


def ranked(
    item_idxs: NDArray[np.int32], scores: NDArray[np.float32], admitted: Admission
) -> Ranked:
    """What is admitted of a model's list, in its order, then all else that is admitted."""
    kept = admitted.mask[item_idxs]
    own = item_idxs[kept]
    return Ranked(np.concatenate([own, admitted.fill(own)]), scores[kept])
