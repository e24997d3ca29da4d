"""The same list for everybody: what is liked most, minus what one has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import Arrays, Fitted, IntArray, Recommender, narrowed
from pipeline.recommenders.topk import CHUNK_ROWS, Lists, ScoreRows, empty_lists

__all__ = ["Popular", "PopularFitted"]


@dataclass(frozen=True, eq=False)
class PopularFitted(Fitted):
    """Likes of each item.

    Attributes
    ----------
    like_counts : float32, shape (n_items,); the sum of weights where likes are weighted.
    """

    like_counts: NDArray[np.float32]

    @property
    def n_items(self) -> int:
        """Items of the data set."""
        return len(self.like_counts)

    @property
    def listable(self) -> IntArray:
        """Items with a like."""
        return np.flatnonzero(self.like_counts > 0).astype(np.int32)

    @property
    def subjects(self) -> IntArray:
        """None: popularity knows no similarity."""
        return np.empty(0, np.int32)

    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """Likes of each item, the same for everybody."""
        return lambda chunk: np.tile(self.like_counts[item_idxs], (len(chunk), 1))

    def user_lists(
        self,
        user_idxs: IntArray,
        k: int,
        *,
        seen: csr_matrix | None = None,
        candidates: IntArray | None = None,
        threads: int = 1,  # noqa: ARG002  no arithmetic worth a thread
    ) -> Lists:
        """Most liked items that the user has not seen."""
        items = narrowed(self.listable, candidates)
        ranking = items[np.argsort(-self.like_counts[items], kind="stable")]
        lists = empty_lists(len(user_idxs), k)
        rank_of = np.full(len(self.like_counts), -1, np.int32)
        rank_of[ranking] = np.arange(len(ranking), dtype=np.int32)
        for start in range(0, len(user_idxs), CHUNK_ROWS):
            chunk = user_idxs[start : start + CHUNK_ROWS]
            ranks = _first_unseen(chunk, k, seen, rank_of, len(ranking))
            rows = slice(start, start + len(chunk))
            listed = ranks >= 0
            lists.item_idxs[rows][listed] = ranking[ranks[listed]]
            lists.scores[rows][listed] = self.like_counts[ranking[ranks[listed]]]
        return lists

    def item_lists(
        self,
        item_idxs: IntArray,  # noqa: ARG002
        k: int,  # noqa: ARG002
        *,
        candidates: IntArray | None = None,  # noqa: ARG002
        threads: int = 1,  # noqa: ARG002
    ) -> Lists | None:
        """None: popularity knows no similarity."""
        return None

    def to_arrays(self) -> Arrays:
        """Likes of each item."""
        return {"like_counts": self.like_counts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote."""
        return cls(arrays["like_counts"])


def _first_unseen(
    chunk: IntArray, k: int, seen: csr_matrix | None, rank_of: IntArray, n_ranked: int
) -> NDArray[np.int64]:
    """Shape (len(chunk), k): the first `k` ranks that are not seen; -1 pads."""
    hidden = np.empty((2, 0), np.int64)
    if seen is not None:
        block = seen[chunk]
        row = np.repeat(np.arange(len(chunk)), np.diff(block.indptr))
        rank = rank_of[block.indices]
        hidden = np.stack([row[rank >= 0], rank[rank >= 0]])
    most = np.bincount(hidden[0]).max() if hidden.shape[1] else 0
    width = min(n_ranked, k + int(most))
    is_seen = np.zeros((len(chunk), width), bool)
    near = hidden[1] < width
    is_seen[hidden[0][near], hidden[1][near]] = True
    ranks = np.argsort(is_seen, axis=1, kind="stable")[:, :k]  # unseen first, in order
    ranks[np.take_along_axis(is_seen, ranks, axis=1)] = -1
    return np.pad(ranks, ((0, 0), (0, k - ranks.shape[1])), constant_values=-1)


@dataclass(frozen=True)
class Popular(Recommender):
    """Ranks items by their number of likes."""

    name: ClassVar[str] = "popular"
    label: ClassVar[str] = "Most liked"
    sentence: ClassVar[str] = "What most people like, the same for everybody."
    fitted: ClassVar[type[Fitted]] = PopularFitted

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> PopularFitted:  # noqa: ARG002
        """Count likes."""
        counts = np.bincount(
            dataset.user_items.indices, dataset.user_items.data, minlength=dataset.n_items
        )
        return PopularFitted(counts.astype(np.float32))
