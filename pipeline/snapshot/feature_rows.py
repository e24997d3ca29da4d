"""What models know features of items by, as Arrow tables; features get positions on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.feature_sums import ComposedFactors, ItemVectors
from pipeline.recommenders.base import PublishedFeatures
from pipeline.slugs import slug

__all__ = ["Features", "Places", "filled_features"]

_BATCH_ROWS: Final = 8192

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """Features of all models of a snapshot, in the order in which they are met."""

    _idxs: dict[str, int] = field(default_factory=dict)

    def places(self, names: tuple[str, ...], used: NDArray[np.integer]) -> IntArray:
        """Position of each of a model's features; -1 for one that is not used."""
        places = np.full(len(names), -1, np.int32)
        for own in np.unique(used).tolist():
            places[own] = self._idxs.setdefault(names[own], len(self._idxs))
        return places

    @property
    def table(self) -> pa.Table:
        """Rows of ``features``."""
        parted = [name.split(":", 1) for name in self._idxs]
        return pa.table(
            {
                "feature_idx": pa.array(range(len(parted)), pa.int32()),
                "kind": pa.array([kind for kind, _ in parted], pa.string()),
                "name": pa.array([name for _, name in parted], pa.string()),
                "slug": pa.array([slug(name) for _, name in parted], pa.string()),
            }
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a model's items and people stand in the snapshot.

    Attributes
    ----------
    items : int32; -1 for an item that is gone.
    user_ids : of the model's people.
    stays : which of these the snapshot has.
    """

    items: IntArray
    user_ids: NDArray[np.str_]
    stays: NDArray[np.bool_]


def filled_features(
    model: str, published: PublishedFeatures, places: Places, features: Features
) -> Iterator[tuple[str, pa.Table]]:
    """Rows of ``item_vectors``, and of the tables of factors where there are any.

    A feature that only items have which are gone has no row, and no name in ``features``.
    """
    sums = published.sums
    kept = np.repeat(places.items >= 0, np.diff(sums.indptr))
    of_features = features.places(published.names, sums.features[kept])
    like_weights = sums.like_weights if isinstance(sums, ItemVectors) else None
    yield from _vector_rows(model, sums, places.items, of_features, like_weights)
    if isinstance(sums, ComposedFactors):
        yield from _factor_rows(model, sums, places, of_features)


def _vector_rows(
    model: str,
    sums: ItemVectors | ComposedFactors,
    of_items: IntArray,
    of_features: IntArray,
    like_weights: FloatArray | None,
) -> Iterator[tuple[str, pa.Table]]:
    """Rows of the items that have a feature, `_BATCH_ROWS` at a time."""
    counts = np.diff(sums.indptr)
    described = np.flatnonzero((of_items >= 0) & (counts > 0))
    for start in range(0, len(described), _BATCH_ROWS):
        items = described[start : start + _BATCH_ROWS]
        offsets = np.concatenate([[0], np.cumsum(counts[items])]).astype(np.int32)
        entries = np.repeat(sums.indptr[items] - offsets[:-1], counts[items])
        entries += np.arange(offsets[-1])
        likes = pa.nulls(len(items), pa.float32())
        yield (
            "item_vectors",
            pa.table(
                {
                    "model": pa.repeat(model, len(items)),
                    "item_idx": pa.array(of_items[items]),
                    "feature_idxs": pa.ListArray.from_arrays(
                        offsets, of_features[sums.features[entries]]
                    ),
                    "weights": pa.ListArray.from_arrays(offsets, sums.weights[entries]),
                    "like_weight": likes if like_weights is None else like_weights[items],
                }
            ),
        )


def _factor_rows(
    model: str, sums: ComposedFactors, places: Places, of_features: IntArray
) -> Iterator[tuple[str, pa.Table]]:
    known = np.flatnonzero(of_features >= 0)
    own = np.flatnonzero((places.items >= 0) & sums.own_factors.any(axis=1))
    people = np.flatnonzero(places.stays)
    for table, key, keys, rows in (
        ("feature_factors", "feature_idx", of_features[known], sums.feature_factors[known]),
        ("own_factors", "item_idx", places.items[own], sums.own_factors[own]),
        ("user_factors", "user_id", places.user_ids[people], sums.user_factors[people]),
    ):
        for start in range(0, len(keys), _BATCH_ROWS):
            some = slice(start, start + _BATCH_ROWS)
            factors = rows[some, :-1]
            offsets = np.arange(len(factors) + 1, dtype=np.int32) * factors.shape[1]
            columns = {
                "model": pa.repeat(model, len(factors)),
                key: pa.array(keys[some].tolist()),
                "factors": pa.ListArray.from_arrays(offsets, factors.ravel()),
                "bias": pa.array(rows[some, -1]),
            }
            yield table, pa.table(columns)
