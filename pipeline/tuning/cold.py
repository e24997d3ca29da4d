"""A split that holds out whole items, and the judge who ranks them among themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Fitted, IntArray
from pipeline.tuning.judge import Judge, K, judging_users

__all__ = ["ColdJudge", "ColdSplit", "cold_split"]

COLD_SHARE: Final = 0.2
_MOST_USERS: Final = 3000


@dataclass(frozen=True, slots=True)
class ColdSplit:
    """Likes with some items held out whole.

    Attributes
    ----------
    train : the data set without any like of the cold items.
    held_out : their likes, shape of ``train.user_items``.
    cold : the held-out items, ascending.
    """

    train: Dataset
    held_out: csr_matrix
    cold: IntArray


def cold_split(dataset: Dataset, *, seed: int, share: float = COLD_SHARE) -> ColdSplit:
    """A share of the liked items, at least one where there are any, held out.

    Raises
    ------
    ValueError : a share outside (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, must lie between 0 and 1")
    likes = dataset.user_items
    liked = np.flatnonzero(np.bincount(likes.indices, minlength=dataset.n_items))
    n_cold = min(max(1, round(share * len(liked))), len(liked))
    cold = np.sort(np.random.default_rng(seed).permutation(liked)[:n_cold]).astype(np.int32)
    is_cold = np.zeros(dataset.n_items, bool)
    is_cold[cold] = True
    held_out = is_cold[likes.indices]
    return ColdSplit(
        replace(dataset, user_items=_entries(likes, ~held_out)), _entries(likes, held_out), cold
    )


@dataclass(frozen=True, eq=False)
class ColdJudge(Judge):
    """Scores fits by their order of the cold items among themselves.

    Attributes
    ----------
    candidates : the cold items, ascending.
    """

    ranked: ClassVar[str] = "new items"

    candidates: IntArray = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def of_split(cls, split: ColdSplit, *, seed: int, threads: int = 1) -> ColdJudge:
        """A judge by at most 3,000 users with likes on both sides."""
        users = judging_users(split.train.user_items, split.held_out, _MOST_USERS, seed)
        return cls(split.train, split.held_out, users, threads, split.cold)

    def score(self, fitted: Fitted) -> float:
        """Mean NDCG@20 of the cold items, ranked among themselves."""
        lists = fitted.user_lists(self.users, K, candidates=self.candidates, threads=self.threads)
        return float(ndcg_at_k(lists.item_idxs, self.validation[self.users], K).mean())


def _entries(matrix: csr_matrix, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> csr_matrix:
    before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int32)
    parts = (matrix.data[kept], matrix.indices[kept], before[matrix.indptr])
    return csr_matrix(parts, shape=matrix.shape)
