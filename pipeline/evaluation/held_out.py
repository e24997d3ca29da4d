"""The likes of a split as the arrays that models learn from and are judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from pipeline.dataset.columns import PART
from pipeline.dataset.matrix import Dataset, user_items_of
from pipeline.dataset.splits import Part
from pipeline.recommenders.base import IntArray

__all__ = ["HeldOut"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A data set whose interactions are the train part, and the two other parts.

    Attributes
    ----------
    validation, test : shape of ``train.user_items``; a stored entry is a held-out like.
    kind : how they were held out: a `SplitKind`.
    seed : of the split.
    """

    train: Dataset
    validation: csr_matrix
    test: csr_matrix
    kind: str
    seed: int

    @classmethod
    def of(cls, dataset: Dataset, split: pl.DataFrame, *, kind: str, seed: int) -> HeldOut:
        """The parts of a data set's interactions; a train like keeps its weight.

        Parameters
        ----------
        split : columns ``user_id``, ``item_id``, ``part``, as the curated table.

        Raises
        ------
        ValueError : the split has a user or an item that the data set does not know.
        """
        train, validation, test = (
            user_items_of(dataset, split.filter(pl.col(PART) == part.value))
            for part in (Part.TRAIN, Part.VALIDATION, Part.TEST)
        )
        weighted: csr_matrix = dataset.user_items.multiply(train).tocsr()
        return cls(replace(dataset, user_items=weighted), validation, test, kind, seed)

    @property
    def known(self) -> Dataset:
        """Train and validation together: what a model may know when it is judged."""
        likes: csr_matrix = (self.train.user_items + self.validation).tocsr()
        likes.sort_indices()
        return replace(self.train, user_items=likes)

    @property
    def judged(self) -> IntArray:
        """Users with likes that are known and likes to be found, ascending."""
        known = np.diff(self.known.user_items.indptr) > 0
        return np.flatnonzero(known & (np.diff(self.test.indptr) > 0)).astype(np.int32)

    @property
    def n_users_skipped(self) -> int:
        """Users with a like in any part who cannot be judged."""
        known = np.diff(self.known.user_items.indptr) > 0
        return int(np.count_nonzero(known | (np.diff(self.test.indptr) > 0))) - len(self.judged)
