"""Items as weighted tags: TF-IDF vectors, of length 1 or longer where there are more tags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset

__all__ = [
    "discounted",
    "like_weights",
    "no_features",
    "packed_names",
    "tag_vectors",
    "unpacked_names",
]


def tag_vectors(dataset: Dataset, *, idf_power: float = 1.0, flatness: float = 1.0) -> csr_matrix:
    """Rows of features, weighted by inverse document frequency and scaled.

    The number of tags says something by itself (what many people care for has more of them), so
    a row's length need not be divided out.

    Parameters
    ----------
    idf_power : exponent of the smooth inverse document frequency log((1 + N) / (1 + df)) + 1
        (Spärck Jones 1972; smoothed as scikit-learn does); 0 makes all tags equal.
    flatness : exponent of the length by which a row is divided: 1 gives rows of length 1, 0
        leaves them as long as their tags make them.

    Returns
    -------
    float32, shape (n_items, n_features): mean square length of the rows with a feature is 1;
    the others are empty.
    """
    rows: csr_matrix = dataset.item_features.copy()
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    document_frequency = np.bincount(rows.indices, minlength=rows.shape[1])
    idf: NDArray[np.float64] = np.log((1 + dataset.n_items) / (1 + document_frequency)) + 1
    data = rows.data.astype(np.float64)
    heaviest: NDArray[np.float64] = np.zeros(rows.shape[0])
    np.maximum.at(heaviest, row, data)
    data *= idf[rows.indices] ** idf_power / heaviest[row]
    lengths = np.sqrt(np.bincount(row, data**2, minlength=rows.shape[0]))
    data /= lengths[row] ** flatness
    mean_square = float(np.sum(data**2)) / max(int(np.count_nonzero(lengths)), 1)
    rows.data = (data / np.sqrt(mean_square or 1.0)).astype(np.float32)
    return rows


def no_features(name: str, dataset: Dataset) -> str | None:
    """Why a model of tags has nothing to work with, in words; None where it has."""
    if dataset.item_features.nnz:
        return None
    return f"{name}: none of {dataset.n_items} items has a feature (tag, category or creator)"


def discounted(user_items: csr_matrix, discount: float) -> csr_matrix:
    """The same likes, each item's divided by a power of their number."""
    likes: csr_matrix = user_items.copy()
    likes.data *= like_weights(user_items, discount)[likes.indices]
    return likes


def like_weights(user_items: csr_matrix, discount: float) -> NDArray[np.float32]:
    """What a like of each item counts, shape (n_items,): a power of the number of its likes."""
    counts = np.bincount(user_items.indices, minlength=user_items.shape[1])
    weights: NDArray[np.float32] = np.maximum(counts, 1.0).astype(np.float32) ** np.float32(
        -discount
    )
    return weights


def packed_names(names: Sequence[str]) -> NDArray[np.uint8]:
    """Names of features as one array: as fixed-width text the longest would set the size."""
    return np.frombuffer(json.dumps(list(names)).encode(), np.uint8)


def unpacked_names(array: NDArray[Any]) -> tuple[str, ...]:
    """The names that `packed_names` packed."""
    return tuple(json.loads(array.tobytes()))
