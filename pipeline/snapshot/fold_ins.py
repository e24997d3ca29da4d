"""What a model scores visitors with, as Arrow tables: weights, vectors or factors of items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import SnapshotError
from pipeline.feature_sums import ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.recommenders.base import PublishedFeatures
from pipeline.recommenders.model_file import SavedModel
from pipeline.snapshot.feature_rows import Features, Places, filled_features
from pipeline.snapshot.visitor_parts import Settings, Wanted, settings_of, wanted_by

__all__ = ["ModelFoldIn", "filled_fold_in", "filled_shares", "fold_in_of"]

_BATCH_ROWS: Final = 8192

Shares = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFoldIn:
    """Weights, factors or features of one model; none where it cannot score a visitor.

    Attributes
    ----------
    item_ids : shape (n_items,), ascending: the items by position.
    settings : what it is fitted as; None where nobody asks.
    wanted : models whose scores of visitors it sums where it has neither.
    features : what its scores are summed from by feature; None where they are not.
    user_ids : people by position, where features come with factors of people.
    shares : what likes and features weigh in the score of each item, where it sums both.
    """

    model: str
    item_ids: NDArray[np.str_]
    weights: ItemWeights | None
    factors: ItemFactors | None
    settings: Settings | None = None
    wanted: tuple[Wanted, ...] = ()
    features: PublishedFeatures | None = None
    user_ids: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))
    shares: Shares | None = None

    @property
    def scores_visitors(self) -> bool:
        """Whether it has any of what that takes."""
        vectors = self.features is not None and isinstance(self.features.sums, ItemVectors)
        return vectors or self.weights is not None or self.factors is not None


def fold_in_of(saved: SavedModel) -> ModelFoldIn:
    """What a model's file has for visitors."""
    return ModelFoldIn(
        model=saved.facts.model,
        item_ids=saved.item_ids,
        weights=saved.fitted.published_weights(),
        factors=saved.fitted.published_factors(),
        settings=settings_of(saved),
        wanted=wanted_by(saved),
        features=saved.fitted.published_features(),
        user_ids=saved.user_ids,
        shares=saved.fitted.published_shares(),
    )


def filled_fold_in(
    made: ModelFoldIn,
    item_ids: NDArray[np.str_],
    gone_ids: NDArray[np.str_],
    user_ids: NDArray[np.str_],
    features: Features,
) -> Iterator[tuple[str, pa.Table]]:
    """Rows of the tables of weights, vectors and factors, as if what is gone had never been.

    Parameters
    ----------
    user_ids : of the people of the snapshot: models learn from visitors too, who are none.
    features : of the models before it; those of this one are added.

    Raises
    ------
    SnapshotError : the model was fitted on other items than ``item_ids``.
    """
    stays = ~np.isin(made.item_ids, gone_ids)
    if not np.array_equal(made.item_ids[stays], item_ids):
        raise SnapshotError(
            f"{made.model} was fitted on {stays.sum()} items, the snapshot has {len(item_ids)} or "
            "others: fit it again to the present likes and items"
        )
    places = np.full(len(stays), -1, dtype=np.int32)
    places[stays] = np.arange(len(item_ids), dtype=np.int32)
    if made.weights is not None:
        yield from _weight_rows(made.model, made.weights, places)
    if made.factors is not None:
        yield from _factor_rows(made.model, made.factors.factors, places)
    if made.features is not None:
        of_model = Places(places, made.user_ids, np.isin(made.user_ids, user_ids))
        yield from filled_features(made.model, made.features, of_model, features)


def filled_shares(
    model: str, shares: Shares, item_ids: NDArray[np.str_], gone_ids: NDArray[np.str_]
) -> pa.Table:
    """Rows of ``item_shares``, of the items that are not gone.

    Parameters
    ----------
    item_ids : of the model, by position.
    """
    stays = ~np.isin(item_ids, gone_ids)
    of_likes, of_features = (pa.array(side[stays]) for side in shares)
    item_idxs = pa.array(np.arange(len(of_likes), dtype=np.int32))
    columns = {"item_idx": item_idxs, "of_likes": of_likes, "of_features": of_features}
    return pa.table({"model": pa.repeat(model, len(item_idxs)), **columns})


def _weight_rows(
    model: str, weights: ItemWeights, places: NDArray[np.int32]
) -> Iterator[tuple[str, pa.Table]]:
    """Rows that have a weight left, `_BATCH_ROWS` at a time."""
    for start in range(0, len(places), _BATCH_ROWS):
        own = places[start : start + _BATCH_ROWS]
        bounds = weights.indptr[start : start + len(own) + 1]
        entries = slice(bounds[0], bounds[-1])
        row = np.repeat(np.arange(len(own)), np.diff(bounds))
        listed = places[weights.indices[entries]]
        kept = (listed >= 0) & (own[row] >= 0)
        counts = np.bincount(row[kept], minlength=len(own))
        filled = np.flatnonzero(counts)
        offsets = np.concatenate([[0], np.cumsum(counts[filled])]).astype(np.int32)
        columns = {
            "model": pa.repeat(model, len(filled)),
            "item_idx": pa.array(own[filled]),
            "item_idxs": pa.ListArray.from_arrays(offsets, listed[kept]),
            "weights": pa.ListArray.from_arrays(offsets, weights.weights[entries][kept]),
        }
        if len(filled):
            yield "item_weights", pa.table(columns)


def _factor_rows(
    model: str, factors: NDArray[np.float32], places: NDArray[np.int32]
) -> Iterator[tuple[str, pa.Table]]:
    """Rows of the items that have learned factors."""
    learned = np.flatnonzero((places >= 0) & factors.any(axis=1))
    for start in range(0, len(learned), _BATCH_ROWS):
        items = learned[start : start + _BATCH_ROWS]
        offsets = np.arange(len(items) + 1, dtype=np.int32) * factors.shape[1]
        columns = {
            "model": pa.repeat(model, len(items)),
            "item_idx": pa.array(places[items]),
            "factors": pa.ListArray.from_arrays(offsets, factors[items].ravel()),
        }
        yield "item_factors", pa.table(columns)
