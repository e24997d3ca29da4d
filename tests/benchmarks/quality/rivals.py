"""ALS and BM25 of the library implicit as recommenders, and the tuning of one model alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight
from threadpoolctl import threadpool_limits

from pipeline.dataset.matrix import Dataset
from pipeline.fold_in import ItemWeights
from pipeline.recommenders.base import Fitted, IntArray, Recommender, ranged
from pipeline.recommenders.factors import FactorsFitted
from pipeline.recommenders.item_weights import ItemWeightsFitted
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.judge import Judge
from pipeline.tuning.study import Study

__all__ = ["ImplicitAls", "ImplicitBm25", "tuned"]

_CHECKPOINTS: Final = (3, 6, 9, 12, 15, 20, 30)
_LIKE_S: Final = 1e-6


@dataclass(frozen=True)
class ImplicitAls(Recommender):
    """Hu, Koren & Volinsky 2008 by implicit's conjugate gradients."""

    name: ClassVar[str] = "implicit_als"
    label: ClassVar[str] = "ALS of implicit"
    sentence: ClassVar[str] = "Least squares as the library implicit does it."
    fitted: ClassVar[type[Fitted]] = FactorsFitted

    factors: int = ranged(128, 1, 1024, "Numbers of a user.", search=(32, 256), log=True)
    iterations: int = ranged(30, 1, 500, "Passes over all likes.")
    alpha: float = ranged(10.0, 0.1, 1000.0, "Weight of a like.", search=(1.0, 100.0), log=True)
    regularization: float = ranged(
        0.1, 1e-6, 1000.0, "Strength of regularization.", search=(1e-3, 30.0), log=True
    )

    @property
    def effort(self) -> float:
        """Iterations, each of as much work as factors ask for."""
        return self.iterations * float(np.power(self.factors, 1.5))

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of the first look."""
        seconds: float = _LIKE_S * dataset.user_items.nnz * self.path()[0].effort / 64**1.5
        return seconds

    def path(self) -> tuple[Self, ...]:
        """The numbers of iterations at which a fit is looked at."""
        passed = [mark for mark in _CHECKPOINTS if mark < self.iterations]
        return tuple(replace(self, iterations=mark) for mark in (*passed, self.iterations))

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> FactorsFitted:
        """Fit from scratch."""
        return next(self._steps(dataset, (self.iterations,), seed=seed, threads=threads))

    def fit_path(
        self,
        dataset: Dataset,
        *,
        users: IntArray | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> Iterator[FactorsFitted]:
        """One fit, looked at on its way."""
        marks = tuple(settings.iterations for settings in self.path())
        return self._steps(dataset, marks, seed=seed, threads=threads)

    def _steps(
        self, dataset: Dataset, marks: tuple[int, ...], *, seed: int, threads: int
    ) -> Iterator[FactorsFitted]:
        with threadpool_limits(1, "blas"):  # implicit asks for it
            model: Any = AlternatingLeastSquares(
                self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                num_threads=threads,
                random_state=seed,
            )
        done = 0
        for mark in marks:
            model.iterations, done = mark - done, mark
            with threadpool_limits(1, "blas"):
                model.fit(dataset.user_items, show_progress=False)
            yield _factors(dataset, model)


def _factors(dataset: Dataset, model: Any) -> FactorsFitted:
    liked = np.bincount(dataset.user_items.indices, minlength=dataset.n_items) > 0
    return FactorsFitted(
        user_factors=model.user_factors.copy(),
        user_biases=np.zeros(dataset.n_users, np.float32),
        item_factors=np.where(liked[:, None], model.item_factors, np.float32(0)),
        item_biases=np.zeros(dataset.n_items, np.float32),
        learned=np.flatnonzero(liked).astype(np.int32),
    )


class _Bm25Fitted(ItemWeightsFitted):
    """Similarities; none is negative."""

    zero_is_silence: ClassVar[bool] = True


@dataclass(frozen=True)
class ImplicitBm25(Recommender):
    """Items beside items by BM25."""

    name: ClassVar[str] = "implicit_bm25"
    label: ClassVar[str] = "BM25 of implicit"
    sentence: ClassVar[str] = "Items beside items as the library implicit does it."
    fitted: ClassVar[type[Fitted]] = _Bm25Fitted

    neighbours: int = ranged(100, 1, 5000, "Items kept.", search=(10, 1000), log=True)
    k1: float = ranged(1.2, 0.0, 1e4, "K1 of BM25.", search=(0.1, 200.0), log=True)
    b: float = ranged(0.75, 0.0, 1.0, "B of BM25.", search=(0.0, 1.0))

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> _Bm25Fitted:
        """Similarities of all items."""
        weighted = bm25_weight(dataset.user_items.T, self.k1, self.b).T.tocsr()
        model: Any = ItemItemRecommender(self.neighbours, num_threads=threads)
        model.fit(weighted, show_progress=False)  # as implicit's BM25Recommender does
        rows = model.similarity.tocsr()
        weights = ItemWeights(rows.indptr, rows.indices, rows.data.astype(np.float32))
        return _Bm25Fitted(weights, dataset.user_items)


def tuned(start: Recommender, judge: Judge, *, seconds: float, seed: int) -> Recommender:
    """The best settings that Optuna finds in so many seconds, fits on the way looked at."""
    study = Study((start,), judge, Purse(Budget(seconds=seconds)), seed)
    while not study.is_over:
        study.step()
    return study.settled
