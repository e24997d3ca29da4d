"""Two models of LightFM (Kula 2015) with the WARP loss (Weston et al. 2011).

``lightfm_cf`` knows items by identity alone; ``lightfm_hybrid`` adds the rows of features.  A
user's score of an item is the product of their factors plus both biases.  Only items with a
like take part in the fit, or a cold item would be learned as something that nobody wants; the
hybrid then composes the cold items from the features it has learned.

One thread gives the same bytes for the same seed; two or more do not (lock-free updates).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, hstack, identity

from pipeline.dataset.matrix import Dataset, unit_rows
from pipeline.errors import FitError
from pipeline.recommenders.base import (
    Fitted,
    IntArray,
    Recommender,
    ranged,
)
from pipeline.recommenders.composed import ComposedFitted
from pipeline.recommenders.factors import FactorsFitted

__all__ = ["LightfmCf", "LightfmHybrid"]

_CHECKPOINT_EPOCHS: Final = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 70, 100, 150, 200, 300, 500)
_LIKE_S: Final = 2e-6  # one positive, 64 factors, identity alone (docs/benchmarks.md)


@dataclass(frozen=True)
class LightfmCf(Recommender):
    """WARP on identities: pure collaborative filtering."""

    name: ClassVar[str] = "lightfm_cf"
    label: ClassVar[str] = "Shared tastes"
    sentence: ClassVar[str] = (
        "Learns to put what people like before the rest; things with the same fans end up close."
    )
    fitted: ClassVar[type[Fitted]] = FactorsFitted

    factors: int = ranged(64, 1, 1024, "Numbers that describe a user or an item.")
    epochs: int = ranged(30, 1, 500, "Passes over all likes.")
    learning_rate: float = ranged(0.05, 1e-4, 1.0, "Step of Adagrad.", search=(0.01, 0.2), log=True)
    max_sampled: int = ranged(10, 1, 1000, "Items drawn at most to find one ranked too high.")

    @property
    def effort(self) -> float:
        """Epochs, each of as many numbers as there are factors."""
        return float(self.epochs * self.factors)

    def first_fit_s(self, dataset: Dataset) -> float:
        """Seconds of one epoch on a slow machine."""
        rows, _ = self._rows(dataset)
        features_per_item = rows.nnz / max(rows.shape[0], 1)
        return _LIKE_S * dataset.user_items.nnz * self.factors / 64 * (1 + features_per_item) / 2

    def path(self) -> tuple[Self, ...]:
        """The numbers of epochs at which a fit is looked at."""
        passed = [epochs for epochs in _CHECKPOINT_EPOCHS if epochs < self.epochs]
        return tuple(replace(self, epochs=epochs) for epochs in (*passed, self.epochs))

    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> FactorsFitted:
        """Fit from scratch; deterministic with one thread only."""
        steps = self._fit_steps(dataset, (self.epochs,), seed=seed, threads=threads)
        return next(iter(steps))

    def fit_path(
        self,
        dataset: Dataset,
        *,
        users: IntArray | None = None,  # noqa: ARG002
        seed: int = 0,
        threads: int = 1,
    ) -> Iterator[FactorsFitted]:
        """One fit, looked at on its way; each look equals a fit of so many epochs."""
        marks = tuple(settings.epochs for settings in self.path())
        return self._fit_steps(dataset, marks, seed=seed, threads=threads)

    def _rows(self, dataset: Dataset) -> tuple[csr_matrix, csr_matrix]:
        """Rows of the items with a like for the fit, and of all items after it."""
        warm = _warm(dataset)
        own = identity(dataset.n_items, np.float32, format="csr")[:, warm]
        return own[warm], own

    def _fit_steps(
        self, dataset: Dataset, marks: tuple[int, ...], *, seed: int, threads: int
    ) -> Iterator[FactorsFitted]:
        fit_rows, all_rows = self._rows(dataset)
        likes, weights = _positives(dataset.user_items[:, _warm(dataset)])
        model = _lightfm(self, seed)
        done = 0
        for mark in marks:
            if not likes.nnz:
                yield self._fitted(None, dataset, all_rows)
                continue
            try:
                with np.errstate(over="ignore", invalid="ignore"):  # it checks by itself
                    model.fit_partial(
                        likes,
                        item_features=fit_rows,
                        sample_weight=weights,
                        epochs=mark - done,
                        num_threads=threads,
                    )
            except ValueError as err:  # LightFM's only word for numbers that are not finite
                raise FitError(f"{self.name} with {self.parameters}: {err}") from err
            done = mark
            yield self._fitted(model, dataset, all_rows)

    def _fitted(self, model: Any, dataset: Dataset, rows: csr_matrix) -> FactorsFitted:  # noqa: ANN401
        """What a model of LightFM has learned; without one what there is to learn from nothing."""
        return _nothing(self, dataset) if model is None else _fitted(model, dataset, rows)


@dataclass(frozen=True)
class LightfmHybrid(LightfmCf):
    """WARP on identities and features; it reaches cold items that have features."""

    name: ClassVar[str] = "lightfm_hybrid"
    label: ClassVar[str] = "Taste and tags"
    sentence: ClassVar[str] = (
        "Learns from likes and from tags at once, so that new things have a chance too."
    )
    fitted: ClassVar[type[Fitted]] = ComposedFitted

    def _rows(self, dataset: Dataset) -> tuple[csr_matrix, csr_matrix]:
        warm = _warm(dataset)
        features = dataset.item_features[:, _learned_features(dataset)]
        own = identity(dataset.n_items, np.float32, format="csr")[:, warm]
        rows = unit_rows(hstack([own, features], format="csr"))
        rows.indices = rows.indices.astype(np.int32)
        rows.indptr = rows.indptr.astype(np.int32)
        return rows[warm], rows

    def _fitted(self, model: Any, dataset: Dataset, rows: csr_matrix) -> ComposedFitted:  # noqa: ANN401
        """The same, with what the factors of items are composed of."""
        n_warm = len(_warm(dataset))
        columns = np.zeros((rows.shape[1], self.factors + 1), np.float32)
        if model is not None:
            columns = np.hstack([model.item_embeddings, model.item_biases[:, None]])
        names = [dataset.feature_names[column] for column in _learned_features(dataset).tolist()]
        return ComposedFitted(
            **vars(super()._fitted(model, dataset, rows)),
            rows=rows[:, n_warm:],
            feature_factors=np.ascontiguousarray(columns[n_warm:], np.float32),
            own_factors=np.asarray(rows[:, :n_warm] @ columns[:n_warm], np.float32),
            feature_names=tuple(names),
        )


def _warm(dataset: Dataset) -> IntArray:
    return _used(dataset.user_items)


def _learned_features(dataset: Dataset) -> IntArray:
    """Columns of the features that an item with a like has."""
    return _used(dataset.item_features[_warm(dataset)])


def _used(matrix: csr_matrix) -> IntArray:
    return np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1])).astype(np.int32)


def _positives(user_items: csr_matrix) -> tuple[coo_matrix, coo_matrix]:
    """Likes as ones, and their weights, with the int32 indices that LightFM takes."""
    likes = user_items.tocoo()
    place = (likes.row.astype(np.int32), likes.col.astype(np.int32))
    ones = np.ones(likes.nnz, np.float32)
    return coo_matrix((ones, place), likes.shape), coo_matrix((likes.data, place), likes.shape)


def _lightfm(settings: LightfmCf, seed: int) -> Any:  # noqa: ANN401  LightFM is untyped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lightfm import LightFM  # noqa: PLC0415  it may warn that OpenMP is off

    return LightFM(
        no_components=settings.factors,
        loss="warp",
        learning_rate=settings.learning_rate,
        max_sampled=settings.max_sampled,
        random_state=seed,
    )


def _fitted(model: Any, dataset: Dataset, rows: csr_matrix) -> FactorsFitted:  # noqa: ANN401
    known = np.diff(dataset.user_items.indptr) > 0
    return FactorsFitted(
        user_factors=np.where(known[:, None], model.user_embeddings, np.float32(0)),
        user_biases=np.where(known, model.user_biases, np.float32(0)),
        item_factors=np.ascontiguousarray(rows @ model.item_embeddings, np.float32),
        item_biases=np.asarray(rows @ model.item_biases, np.float32),
        learned=np.flatnonzero(np.diff(rows.indptr)).astype(np.int32),
    )


def _nothing(settings: LightfmCf, dataset: Dataset) -> FactorsFitted:
    """Factors where there are no likes at all."""
    return FactorsFitted(
        user_factors=np.zeros((dataset.n_users, settings.factors), np.float32),
        user_biases=np.zeros(dataset.n_users, np.float32),
        item_factors=np.zeros((dataset.n_items, settings.factors), np.float32),
        item_biases=np.zeros(dataset.n_items, np.float32),
        learned=np.empty(0, np.int32),
    )
