from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from pipeline.dataset.matrix import Dataset, dataset_from
from pipeline.recommenders import item_graph
from pipeline.recommenders.item_graph import ItemGraph


def small() -> Dataset:
    """u likes a, b; v likes a, b, c; w likes c, d; nobody likes e."""
    likes = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("v", "c"), ("w", "c"), ("w", "d")]
    frame = pl.DataFrame(likes, schema=["user_id", "item_id"], orient="row")
    return dataset_from(frame, item_ids=list("abcde"))


def dense(weights) -> np.ndarray:
    shape = (weights.n_items, weights.n_items)
    return csr_matrix((weights.weights, weights.indices, weights.indptr), shape).toarray()


def slow_weights(likes: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    """The equation, dense."""
    with np.errstate(divide="ignore"):
        users, items = likes.sum(axis=1), likes.sum(axis=0)
        left, middle, right = (
            np.where(d > 0, d**-power, 0) for d, power in ((items, a), (users, b), (items, c))
        )
    weights = left[:, None] * (likes.T @ (middle[:, None] * likes)) * right
    np.fill_diagonal(weights, 0)
    return weights


def some_likes(seed: int, *, weighted: bool = False) -> csr_matrix:
    likes = csr_matrix(random_array((40, 30), density=0.2, format="csr", rng=seed), dtype="f4")
    if not weighted:
        likes.data[:] = 1
    return likes


def test_weights_and_scores_by_hand():
    dataset = small()
    fitted = ItemGraph(left_exponent=1.0, user_exponent=1.0, right_exponent=0.0).fit(dataset)
    # of the two who like a, u goes on to a or b, v to a, b or c: b has 1/2 (1/2 + 1/3)
    wanted = np.array([[0, 5 / 12, 1 / 6, 0, 0], [5 / 12, 0, 1 / 6, 0, 0]])
    np.testing.assert_allclose(dense(fitted.weights)[:2], wanted, rtol=1e-6)
    assert not dense(fitted.weights)[4].any()
    lists = fitted.user_lists(np.array([0], np.int32), 3, seen=dataset.user_items)
    assert lists.item_idxs.tolist() == [[2, -1, -1]], "nothing speaks for d and e"
    assert lists.scores[0, 0] == pytest.approx(1 / 3)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    exponents=st.tuples(*[st.floats(-0.5, 1.5)] * 3),
    weighted=st.booleans(),
)
def test_weights_are_those_of_the_dense_equation(seed, exponents, weighted):
    likes = some_likes(seed, weighted=weighted)
    data = replace(small(), user_ids=np.arange(40), item_ids=np.arange(30), user_items=likes)
    fitted = ItemGraph(*exponents).fit(data)
    wanted = slow_weights(likes.toarray().astype(np.float64), *exponents)
    np.testing.assert_allclose(dense(fitted.weights), wanted, rtol=1e-4, atol=1e-6)


def test_rows_are_pruned_to_their_strongest_and_columns_are_not(dataset):
    whole, pruned = (
        dense(ItemGraph(neighbours=n).fit(dataset).weights) for n in (dataset.n_items, 3)
    )
    kept = pruned > 0
    assert kept.sum(axis=1).max() == 3
    assert kept.sum(axis=0).max() > 3
    np.testing.assert_array_equal(pruned[kept], whole[kept])
    for row, marks in zip(whole, kept, strict=True):
        assert not marks.any() or row[marks].min() >= np.sort(row)[-3]


def test_blocks_do_not_show(monkeypatch, dataset):
    whole = ItemGraph(neighbours=5).fit(dataset)
    monkeypatch.setattr(item_graph, "_BLOCK_WORK", 50)
    in_blocks = ItemGraph(neighbours=5).fit(dataset)
    for name, array in whole.to_arrays().items():
        np.testing.assert_array_equal(array, in_blocks.to_arrays()[name], err_msg=name)


def test_people_get_their_groups_items_first(dataset):
    lists = (
        ItemGraph()
        .fit(dataset)
        .user_lists(np.arange(dataset.n_users, dtype=np.int32), 4, seen=dataset.user_items)
    )
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        assert {dataset.item_ids[item][0] for item in row} == {user[1]}


def test_similar_items_are_the_rows_of_the_weights():
    fitted = ItemGraph(1.0, 1.0, 0.0).fit(small())
    lists = fitted.item_lists(np.array([0, 3], np.int32), 3)
    assert lists.item_idxs.tolist() == [[1, 2, -1], [2, -1, -1]]
    np.testing.assert_allclose(lists.scores[0, :2], [5 / 12, 1 / 6], rtol=1e-6)
    assert fitted.subjects.tolist() == fitted.listable.tolist() == [0, 1, 2, 3]


def test_people_without_likes_get_nothing():
    likes = pl.DataFrame({"user_id": ["u", "u"], "item_id": ["a", "b"]})
    fitted = ItemGraph().fit(dataset_from(likes, user_ids=["v"]))
    assert (fitted.user_lists(np.array([1], np.int32), 2).item_idxs == -1).all()
