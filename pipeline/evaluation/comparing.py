"""Models beside one another: paired differences, and how alike their lists are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from pipeline.evaluation.intervals import Estimate, Interval
from pipeline.evaluation.judging import EVERYBODY, IntArray, Key
from pipeline.evaluation.overlap import list_overlap

__all__ = [
    "BASELINES",
    "COMPARED",
    "OVERLAP_KS",
    "PUBLISHED",
    "Difference",
    "Overlap",
    "differences",
    "overlaps",
]

BASELINES: Final = ("popular", "lightfm_cf", "lightfm_hybrid")
PUBLISHED: Final = "published"
COMPARED: Final = (("NDCG", 10), ("NDCG", 20), ("Recall", 20))
OVERLAP_KS: Final = (10, 20)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a model is above another over the same users; `against` may be `PUBLISHED`."""

    model: str
    against: str
    metric: str
    k: int
    interval: Interval
    n_users: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Mean share of common items of two models' top-k lists."""

    model: str
    other: str
    k: int
    share: float


def differences(
    models: Mapping[str, Mapping[Key, Estimate]], published: Mapping[Key, Estimate] | None
) -> tuple[Difference, ...]:
    """Each model against each baseline that is there, never against itself.

    Parameters
    ----------
    models : figures of each model by name, of the same draws.
    published : figures of what is published now; None where nothing is.
    """
    against = {name: models[name] for name in BASELINES if name in models}
    if published is not None:
        against[PUBLISHED] = published
    return tuple(
        Difference(name, base, metric, k, own[key].above(other[key]), own[key].n_users)
        for base, other in against.items()
        for name, own in models.items()
        if name != base
        for metric, k in COMPARED
        for key in (Key(EVERYBODY, metric, k),)
    )


def overlaps(lists: Mapping[str, IntArray]) -> tuple[Overlap, ...]:
    """Every pair of models, both ways round, at each of `OVERLAP_KS`."""
    found: list[Overlap] = []
    for (model, own), (other, others) in combinations(lists.items(), 2):
        for k in OVERLAP_KS:
            share = list_overlap(own, others, k)
            found += [Overlap(model, other, k, share), Overlap(other, model, k, share)]
    return tuple(found)
