"""One protocol for every model: the same split, the same seed, all items ranked, one scorer.

Parameters are chosen by fits on the train part and scores on the validation part.  The model
is then fitted on train and validation together and ranks every item of the catalogue that the
user has not liked there (never a sample: Krichene & Rendle 2020); test likes are only looked
at to score these lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.columns import PART
from pipeline.dataset.matrix import Dataset, user_items_of
from pipeline.dataset.splits import Part
from pipeline.evaluation.intervals import RESAMPLES, Interval, intervals, paired_difference
from pipeline.evaluation.metrics import (
    coverage,
    map_at_k,
    ndcg_at_k,
    popular_items,
    popular_share,
    precision_at_k,
    recall_at_k,
)
from pipeline.recommenders.base import IntArray, Recommender
from pipeline.recommenders.tuning import TRIAL_SCHEMA, Budget, Tuned, tune

__all__ = ["KS", "USER_METRICS", "Evaluation", "Figure", "HeldOut", "ModelFigures", "evaluate"]

KS: Final = (5, 10, 20)
USER_METRICS: Final = {
    "Recall": recall_at_k,
    "NDCG": ndcg_at_k,
    "MAP": map_at_k,
    "Precision": precision_at_k,
}
COVERAGE: Final = "coverage"
POPULAR: Final = "popular_share"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A data set whose interactions are the train part, and the two other parts.

    Attributes
    ----------
    validation, test : shape of ``train.user_items``; a stored entry is a held-out like.
    kind : how they were held out: temporal or random.
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric at one k; the list-wide ones have no interval (NaN)."""

    metric: str
    k: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """A model as it was chosen, its figures, and how its NDCG@10 differs from the first's.

    ``ndcg`` has NDCG@10 of each judged user; ``difference`` is None for the first model.
    """

    model: Recommender
    figures: tuple[Figure, ...]
    ndcg: NDArray[np.float64]
    difference: Interval | None = None

    def figure(self, metric: str, k: int) -> Interval:
        """Mean and interval of one metric.

        Raises
        ------
        KeyError : it was not computed.
        """
        return {(row.metric, row.k): row.interval for row in self.figures}[metric, k]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of each model on one split, and the trials by which parameters were chosen."""

    models: tuple[ModelFigures, ...]
    trials: pl.DataFrame
    n_users: int
    n_users_skipped: int
    split: str
    seed: int
    notes: tuple[str, ...] = ()


def evaluate(
    models: Sequence[Recommender],
    held_out: HeldOut,
    *,
    budget: Budget | None = None,
    threads: int = 1,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Judge every model on the same held-out likes.

    Parameters
    ----------
    models : settings to start from; differences are to the first of them.
    budget : for the choice of each model's parameters; None takes the settings as they are.
    """
    tuned = [_tuned(model, held_out, budget, threads) for model in models]
    judged = [_judge(choice.model, held_out, threads, resamples) for choice in tuned]
    compared = [
        judge if place == 0 else _compared(judge, judged[0], held_out.seed, resamples)
        for place, judge in enumerate(judged)
    ]
    return Evaluation(
        models=tuple(compared),
        trials=pl.concat([choice.trials for choice in tuned])
        if tuned
        else pl.DataFrame(schema=TRIAL_SCHEMA),
        n_users=len(held_out.judged),
        n_users_skipped=held_out.n_users_skipped,
        split=held_out.kind,
        seed=held_out.seed,
        notes=tuple(choice.note for choice in tuned if choice.note),
    )


def _tuned(
    model: Recommender, held_out: HeldOut, budget: Budget | None, threads: int
) -> Tuned[Recommender]:
    if budget is None:
        return Tuned.untried(model)
    return tune(
        model,
        held_out.train,
        held_out.validation,
        seed=held_out.seed,
        threads=threads,
        budget=budget,
    )


def _judge(model: Recommender, held_out: HeldOut, threads: int, resamples: int) -> ModelFigures:
    known, users = held_out.known, held_out.judged
    fitted = model.fit(known, seed=held_out.seed, threads=threads)
    lists = fitted.user_lists(users, max(KS), seen=known.user_items, threads=threads)
    relevant = held_out.test[users]
    names = [(metric, k) for metric in USER_METRICS for k in KS]
    values = np.stack(
        [USER_METRICS[metric](lists.item_idxs, relevant, k) for metric, k in names], axis=1
    )  # (n_users, n_metrics)
    means = intervals(values, seed=held_out.seed, resamples=resamples)
    figures = [Figure(metric, k, mean) for (metric, k), mean in zip(names, means, strict=True)]
    return ModelFigures(
        model,
        (*figures, *_list_wide(lists.item_idxs, known)),
        values[:, names.index(("NDCG", 10))],
    )


def _list_wide(recommended: IntArray, known: Dataset) -> list[Figure]:
    """Metrics of all lists together; how sure they are over users is not said."""
    likes = np.bincount(known.user_items.indices, minlength=known.n_items)
    popular = popular_items(likes.astype(np.float32))
    return [
        Figure(metric, k, Interval(value, np.nan, np.nan))
        for k in KS
        for metric, value in (
            (COVERAGE, coverage(recommended, known.n_items, k)),
            (POPULAR, popular_share(recommended, popular, k)),
        )
    ]


def _compared(judge: ModelFigures, first: ModelFigures, seed: int, resamples: int) -> ModelFigures:
    difference = paired_difference(judge.ndcg, first.ndcg, seed=seed, resamples=resamples)
    return replace(judge, difference=difference)
