"""The score of a fit on validation likes; test likes have no way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Fitted, IntArray

__all__ = ["Judge", "K"]

K: Final = 20
_USERS_OF_A_TRIAL: Final = 3000
_USERS_OF_A_BLEND: Final = 6000


@dataclass(frozen=True, eq=False)
class Judge:
    """Validation likes and the users by whom settings are compared.

    Attributes
    ----------
    train : what the judged fits have learned from.
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    users : with likes in both, a seeded choice, ascending.
    """

    train: Dataset
    validation: csr_matrix
    users: IntArray
    threads: int = 1

    @classmethod
    def of(cls, train: Dataset, validation: csr_matrix, *, seed: int, threads: int = 1) -> Judge:
        """A judge by at most 3,000 users."""
        users = _some(train, validation, _USERS_OF_A_TRIAL, seed)
        return cls(train, validation, users, threads)

    def by_more_users(self, seed: int) -> Judge:
        """The same with at most 6,000 users: for the last word between models."""
        users = _some(self.train, self.validation, _USERS_OF_A_BLEND, seed)
        return Judge(self.train, self.validation, users, self.threads)

    def score(self, fitted: Fitted) -> float:
        """Mean NDCG@20, all items ranked, seen ones left out."""
        seen = self.train.user_items
        lists = fitted.user_lists(self.users, K, seen=seen, threads=self.threads)
        return float(ndcg_at_k(lists.item_idxs, self.validation[self.users], K).mean())


def _some(train: Dataset, validation: csr_matrix, most: int, seed: int) -> IntArray:
    both = (np.diff(train.user_items.indptr) > 0) & (np.diff(validation.indptr) > 0)
    users = np.flatnonzero(both)
    if len(users) > most:
        users = np.random.default_rng(seed).permutation(users)[:most]
    return np.sort(users).astype(np.int32)
