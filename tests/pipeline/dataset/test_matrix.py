import tracemalloc
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from pipeline.dataset import matrix as matrix_module
from pipeline.dataset.matrix import dataset_from, positions, subset, unit_rows, user_items_of

PAIRS = pl.DataFrame({"user_id": ["u2", "u1", "u2"], "item_id": ["b", "b", "a"]})
FEATURES = pl.DataFrame(
    {"item_id": ["c", "a", "c"], "feature": ["tag:y", "tag:x", "tag:x"], "weight": [0.6, 1.0, 0.8]}
)


def test_ids_are_sorted_and_cold_items_have_a_position():
    dataset = dataset_from(PAIRS, item_ids=["z"], item_features=FEATURES, user_ids=["u0"])
    assert dataset.user_ids.tolist() == ["u0", "u1", "u2"]
    assert dataset.item_ids.tolist() == ["a", "b", "c", "z"]
    assert dataset.user_items.toarray().tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]]
    assert dataset.feature_names == ("tag:x", "tag:y")
    np.testing.assert_allclose(
        dataset.item_features.toarray(), [[1, 0], [0, 0], [0.8, 0.6], [0, 0]], rtol=1e-6
    )


def test_matrices_are_what_lightfm_takes():
    dataset = dataset_from(PAIRS, item_features=FEATURES)
    for matrix in (dataset.user_items, dataset.item_features):
        assert (matrix.dtype, matrix.indices.dtype, matrix.indptr.dtype) == (
            np.float32,
            np.int32,
            np.int32,
        )
        assert matrix.has_sorted_indices


def test_weights_are_kept_a_zero_too():
    weighted = PAIRS.with_columns(weight=pl.Series([0.0, 2.5, 1.0]))
    matrix = dataset_from(weighted).user_items
    assert matrix.nnz == 3
    assert matrix.toarray().tolist() == [[0, 2.5], [1, 0]]


def test_without_rows_or_features_shapes_hold():
    dataset = dataset_from(PAIRS.clear(), item_ids=["a"])
    assert dataset.user_items.shape == (0, 1)
    assert dataset.item_features.shape == (1, 0)


def test_repeated_pair_is_refused():
    with pytest.raises(ValueError, match="1 pairs stand more than once"):
        dataset_from(pl.concat([PAIRS, PAIRS.head(1)]))


def test_subset_keeps_every_position():
    dataset = dataset_from(PAIRS)
    part = subset(dataset, PAIRS.head(1))
    assert part.user_ids is dataset.user_ids
    assert part.user_items.toarray().tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("pair", [("nobody", "a"), ("u1", "nothing")])
def test_subset_refuses_what_it_does_not_know(pair):
    unknown = pl.DataFrame([pair], schema=["user_id", "item_id"], orient="row")
    with pytest.raises(ValueError, match="1 rows have a"):
        user_items_of(dataset_from(PAIRS), unknown)


def test_hash_tells_likes_weights_and_ids_apart_and_not_the_order_of_rows():
    first = dataset_from(PAIRS)
    assert first.sha256 == dataset_from(PAIRS.reverse()).sha256
    assert first.sha256 == dataset_from(PAIRS, item_features=FEATURES.head(0)).sha256
    renamed = replace(first, item_ids=np.asarray(["a", "c"]))
    others = [
        subset(first, PAIRS.head(2)),
        dataset_from(PAIRS.with_columns(weight=pl.lit(2.0))),
        dataset_from(PAIRS, item_ids=["z"]),
        renamed,
    ]
    assert len({first.sha256, *(other.sha256 for other in others)}) == 5


@given(
    ids=st.sets(st.text(min_size=1).filter(lambda t: "\x00" not in t)),
    wanted=st.lists(st.text(min_size=1).filter(lambda t: "\x00" not in t)),
)
def test_positions_find_exactly_the_known_ids(ids, wanted):
    known = np.asarray(sorted(ids), dtype=np.str_)
    asked = [*wanted, *ids]
    found = positions(known, asked).tolist()
    assert [known[idx] if idx >= 0 else None for idx in found] == [
        text if text in ids else None for text in asked
    ]


def test_unit_rows_have_length_one_or_are_empty():
    matrix = csr_matrix(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 1e-3]], np.float32))
    rows = unit_rows(matrix)
    np.testing.assert_allclose(rows.toarray(), [[0.6, 0.8], [0, 0], [0, 1]], atol=1e-6)
    assert matrix[0, 0] == 3, "the input is left alone"


@pytest.mark.parametrize("entries", [1, 7, 64, 10**6])
def test_unit_rows_do_not_depend_on_blocks(monkeypatch, entries):
    made = random_array((200, 40), density=0.1, format="csr", rng=0).toarray()
    made[:5], made[-5:], made[60] = 0, 0, 2  # empty rows at both ends, and a full one
    matrix = csr_matrix(made, dtype="f4")
    dense = matrix.toarray().astype(np.float64)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    monkeypatch.setattr(matrix_module, "_BLOCK_ENTRIES", entries)
    rows = unit_rows(matrix)
    np.testing.assert_allclose(rows.toarray(), dense / np.where(lengths, lengths, 1), rtol=1e-6)
    assert (rows.dtype, rows.indices.dtype) == (np.float32, np.int32)
    assert rows.has_sorted_indices
    assert rows.nnz == np.count_nonzero(dense)


def test_unit_rows_take_little_beside_the_matrix(monkeypatch):
    monkeypatch.setattr(matrix_module, "_BLOCK_ENTRIES", 4096)
    matrix = csr_matrix(random_array((2000, 500), density=0.2, format="csr", rng=0), dtype="f4")
    size = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    tracemalloc.start()
    try:
        rows = unit_rows(matrix)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows.nnz == matrix.nnz
    assert peak < 1.3 * size


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 2)])
def test_unit_rows_of_nothing_are_nothing(shape):
    rows = unit_rows(csr_matrix(shape, dtype="f4"))
    assert rows.shape == shape
    assert rows.nnz == 0
