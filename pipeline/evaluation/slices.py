"""Parts of the held-out likes that are judged by themselves: which items, which people.

A slice of items asks how well the held-out likes of these items are found, in lists over all
items; a slice of people asks how well people with few or with many known likes are served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.evaluation.exposure import POPULAR_SHARE, popular_items
from pipeline.evaluation.metrics import held_out_counts

__all__ = ["SLICE_KS", "SLICE_METRICS", "Slice", "slices_of"]

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]

SLICE_METRICS: Final = ("NDCG", "Recall")
SLICE_KS: Final = (10, 20)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Held-out likes of some items by some of the judged users.

    Attributes
    ----------
    name, meaning : as in tables, and in words with its limits.
    items : shape (n_items,): whose held-out likes count.
    users : shape (n_judged,): who counts, if they have such a like.
    """

    name: str
    meaning: str
    items: BoolArray
    users: BoolArray

    def within(
        self, hits: BoolArray, recommended: IntArray, relevant: csr_matrix
    ) -> tuple[BoolArray, NDArray[np.int64]]:
        """Hits and counts of held-out items that are of the slice, for metrics of hits.

        Parameters
        ----------
        hits : shape of `recommended`, of all held-out items.
        relevant : shape (n_judged, n_items).
        """
        counts = held_out_counts(relevant)
        if not self.items.all():
            rows = np.repeat(np.arange(relevant.shape[0]), counts)
            counts = np.bincount(rows[self.items[relevant.indices]], minlength=relevant.shape[0])
            hits = hits & self.items[recommended]  # -1 is no hit, whatever it picks
        return hits, np.where(self.users, counts, 0)


def slices_of(known: csr_matrix, users: IntArray) -> tuple[Slice, ...]:
    """Cold, head and tail items, light and heavy users, by the known likes.

    Light users are those with as many known likes as the lower tercile or fewer, heavy ones
    those with as many as the upper tercile or more; nobody is both.

    Parameters
    ----------
    known : shape (n_users, n_items), likes that models know.
    users : who is judged.
    """
    likes = np.bincount(known.indices, minlength=known.shape[1])
    head = np.zeros(len(likes), bool)
    head[popular_items(likes.astype(np.float32))] = True
    everybody, everything = np.ones(len(users), bool), np.ones(len(likes), bool)
    counts = np.diff(known.indptr)[users]
    few, many = _terciles(counts)
    return (
        Slice("cold", "items that nobody is known to like", likes == 0, everybody),
        Slice("head", f"the most liked {POPULAR_SHARE:.0%} of the liked items", head, everybody),
        Slice("tail", "all other liked items", (likes > 0) & ~head, everybody),
        Slice("light", f"people with at most {few} known likes", everything, counts <= few),
        Slice("heavy", f"people with at least {many} known likes", everything, counts >= many),
    )


def _terciles(counts: IntArray) -> tuple[int, int]:
    """Most likes of a light and least likes of a heavy user."""
    if not len(counts):
        return 0, 1
    ranked = np.sort(counts)
    few, many = int(ranked[(len(ranked) - 1) // 3]), int(ranked[2 * len(ranked) // 3])
    return few, max(many, few + 1)
