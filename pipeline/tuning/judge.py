"""The score of a fit on validation likes; test likes have no way in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Fitted, IntArray

__all__ = ["Judge", "K", "enough_to_judge", "judging_users"]

K: Final = 20
_MOST_USERS: Final = 8000
_FEW_USERS: Final = 300


@dataclass(frozen=True, eq=False)
class Judge:
    """Validation likes and the users by whom settings are compared.

    Attributes
    ----------
    train : what the judged fits have learned from.
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    users : with likes in both, a seeded choice, ascending.
    """

    ranked: ClassVar[str] = "all items"

    train: Dataset
    validation: csr_matrix
    users: IntArray
    threads: int = 1

    @classmethod
    def of(cls, train: Dataset, validation: csr_matrix, *, seed: int, threads: int = 1) -> Judge:
        """A judge by at most 8,000 users."""
        users = judging_users(train.user_items, validation, _MOST_USERS, seed)
        return cls(train, validation, users, threads)

    def narrowed(self, most: int, seed: int) -> Self:
        """The same judge with at most so many of the users, a seeded choice."""
        return replace(self, users=_some(self.users, most, seed))

    def score(self, fitted: Fitted) -> float:
        """Mean NDCG@20, all items ranked, seen ones left out."""
        seen = self.train.user_items
        lists = fitted.user_lists(self.users, K, seen=seen, threads=self.threads)
        return float(ndcg_at_k(lists.item_idxs, self.validation[self.users], K).mean())


def judging_users(known: csr_matrix, held_out: csr_matrix, most: int, seed: int) -> IntArray:
    """Users with likes in both parts, ascending; of more than `most` a seeded choice."""
    users = np.flatnonzero((np.diff(known.indptr) > 0) & (np.diff(held_out.indptr) > 0))
    return _some(users.astype(np.int32), most, seed)


def enough_to_judge(
    train: Dataset, validation: csr_matrix, *, seed: int
) -> tuple[Dataset, csr_matrix, str | None]:
    """Train and validation likes by which enough users judge, and a sentence where others are.

    A split by time may leave a few dozen users with likes on both sides of its instant, and a
    choice by so few is chance.  Where fewer than 300 are left, a random tenth of each user's
    likes of both parts is held out instead, if that lets twice as many judge.
    """
    both = _n_judging(train.user_items, validation)
    if both >= _FEW_USERS:
        return train, validation, None
    known: csr_matrix = (train.user_items + validation).tocsr()
    known.sort_indices()
    held = _a_tenth_of_each(known, seed)
    parts = []
    for dropped in (held, ~held):
        part = known.copy()
        part.data[dropped] = 0
        part.eliminate_zeros()
        parts.append(part)
    judging = _n_judging(*parts)
    if judging <= both or judging < 2 * both:
        return train, validation, None
    note = (
        f"{both} users have likes in training and in validation, too few to choose by: a random "
        f"tenth of each user's known likes chooses instead ({judging} users)"
    )
    return replace(train, user_items=parts[0]), parts[1], note


def _a_tenth_of_each(likes: csr_matrix, seed: int) -> NDArray[np.bool_]:
    """Which entries are held out: of n >= 2 likes of a user ``max(1, round(n / 10))``."""
    counts = np.diff(likes.indptr)
    row = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((np.random.default_rng(seed).random(likes.nnz), row))
    place = np.empty(likes.nnz, np.int64)
    place[order] = np.arange(likes.nnz) - np.repeat(likes.indptr[:-1], counts)
    most = np.where(counts > 1, np.maximum(1, np.round(counts / 10)), 0)
    held: NDArray[np.bool_] = place < most[row]
    return held


def _n_judging(known: csr_matrix, held_out: csr_matrix) -> int:
    return len(judging_users(known, held_out, known.shape[0], seed=0))


def _some(users: IntArray, most: int, seed: int) -> IntArray:
    """Users, ascending; of more than `most` a seeded choice."""
    if len(users) <= most:
        return users
    return np.sort(np.random.default_rng(seed).permutation(users)[:most])
