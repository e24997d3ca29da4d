"""Figures of lists: every metric of every list, over everybody and over each slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.evaluation.exposure import coverage, gini, novelty, popular_items, popular_share
from pipeline.evaluation.intervals import Estimate, estimates
from pipeline.evaluation.metrics import USER_METRICS, held_out_counts, hits_of
from pipeline.evaluation.slices import SLICE_KS, SLICE_METRICS, Slice

__all__ = [
    "COVERAGE",
    "EVERYBODY",
    "GINI",
    "KS",
    "LIST_METRICS",
    "NOVELTY",
    "POPULAR",
    "Key",
    "list_wide",
    "user_estimates",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

KS: Final = (5, 10, 20)
EVERYBODY: Final = ""
COVERAGE: Final = "coverage"
POPULAR: Final = "popular_share"
GINI: Final = "gini"
NOVELTY: Final = "novelty"
LIST_METRICS: Final = (COVERAGE, POPULAR, GINI, NOVELTY)


class Key(NamedTuple):
    """A figure: of which slice (empty for everybody), by which metric, at which length."""

    slice: str
    metric: str
    k: int


def user_estimates(
    lists: Sequence[IntArray],
    relevant: csr_matrix,
    slices: Sequence[Slice],
    *,
    seed: int,
    resamples: int,
) -> list[dict[Key, Estimate]]:
    """Figures of each model's lists; all share the draws of users, so that they can be paired.

    Parameters
    ----------
    lists : shape (n_judged, max(KS)) each, the same users as the rows of `relevant`.
    """
    keys, columns = _keys(slices), []
    for recommended in lists:
        columns += _values(recommended, relevant, slices)
    if not columns:
        return []
    found = estimates(np.stack(columns, axis=1), seed=seed, resamples=resamples)
    width = len(keys)
    return [
        dict(zip(keys, found[place * width : (place + 1) * width], strict=True))
        for place in range(len(lists))
    ]


def list_wide(recommended: IntArray, known: Dataset) -> dict[tuple[str, int], float]:
    """Metrics of all lists together; how sure they are over users is not said."""
    matrix, n_items = known.user_items, known.n_items
    likes = np.bincount(matrix.indices, minlength=n_items)
    popular = popular_items(likes.astype(np.float32))
    n_users = int(np.count_nonzero(np.diff(matrix.indptr)))
    found: dict[tuple[str, int], float] = {}
    for k in KS:
        found[COVERAGE, k] = coverage(recommended, n_items, k)
        found[POPULAR, k] = popular_share(recommended, popular, k)
        found[GINI, k] = gini(recommended, n_items, k)
        found[NOVELTY, k] = novelty(recommended, likes, n_users, k)
    return found


def _keys(slices: Sequence[Slice]) -> list[Key]:
    keys = [Key(EVERYBODY, metric, k) for metric in USER_METRICS for k in KS]
    for part in slices:
        keys += [Key(part.name, metric, k) for metric in SLICE_METRICS for k in SLICE_KS]
    return keys


def _values(
    recommended: IntArray, relevant: csr_matrix, slices: Sequence[Slice]
) -> list[FloatArray]:
    """One column a key, in the order of `_keys`."""
    hits, counts = hits_of(recommended, relevant, max(KS)), held_out_counts(relevant)
    values = [metric(hits, counts, k) for metric in USER_METRICS.values() for k in KS]
    for part in slices:
        own = part.within(hits, recommended, relevant)
        values += [USER_METRICS[metric](*own, k) for metric in SLICE_METRICS for k in SLICE_KS]
    return values
