from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.recommenders import ease
from pipeline.recommenders.ease import Ease


def dense(weights) -> np.ndarray:
    shape = (weights.n_items, weights.n_items)
    return csr_matrix((weights.weights, weights.indices, weights.indptr), shape).toarray()


def slow_weights(likes: np.ndarray, regularization: float) -> np.ndarray:
    """Each item's ridge regression on all others, one by one."""
    n_items = likes.shape[1]
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = np.delete(np.arange(n_items), item)
        x = likes[:, others]
        system = x.T @ x + regularization * np.eye(n_items - 1)
        weights[others, item] = np.linalg.solve(system, x.T @ likes[:, item])
    return weights


def some(dataset: Dataset, *, n_items: int = 30) -> Dataset:
    likes = csr_matrix(random_array((40, n_items), density=0.2, format="csr", rng=1), dtype="f4")
    ids = np.array([f"{item:02}" for item in range(n_items)])
    return replace(dataset, user_ids=np.arange(40), item_ids=ids, user_items=likes)


@pytest.mark.parametrize("block_rows", [7, 256])
@pytest.mark.parametrize("regularization", [0.5, 20.0])
def test_weights_are_each_items_own_regression(monkeypatch, dataset, regularization, block_rows):
    monkeypatch.setattr(ease, "_BLOCK_ROWS", block_rows)
    data = some(dataset)
    wanted = slow_weights(data.user_items.toarray().astype(np.float64), regularization)
    found = dense(Ease(regularization=regularization).fit(data).weights)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_rows_keep_what_is_largest_in_size(dataset):
    data = some(dataset)
    whole, pruned = (dense(Ease(0.1, n).fit(data).weights) for n in (30, 12))
    kept = pruned != 0
    assert (kept.sum(axis=1) == 12).all()
    assert (whole[kept] < 0).any()
    for row, marks in zip(np.abs(whole), kept, strict=True):
        assert row[marks].min() >= np.sort(row)[-12]


def test_people_get_their_groups_items_first_and_never_cold_ones(dataset):
    fitted = Ease(regularization=10.0).fit(dataset)
    lists = fitted.user_lists(
        np.arange(dataset.n_users, dtype=np.int32), 4, seen=dataset.user_items
    )
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        listed = [dataset.item_ids[item] for item in row]
        assert {item[0] for item in listed} == {user[1]}
    cold = [place for place, item in enumerate(dataset.item_ids) if item[-2:] in {"10", "11"}]
    assert not np.isin(cold, fitted.listable).any()


def test_people_without_likes_get_nothing(dataset):
    likes = dataset.user_items.tolil()
    likes[3] = 0
    fitted = Ease().fit(replace(dataset, user_items=csr_matrix(likes)))
    lists = fitted.user_lists(np.array([3, 4], np.int32), 5)
    assert (lists.item_idxs[0] == -1).all()
    assert (lists.item_idxs[1] >= 0).all()


def test_too_many_items_are_refused_with_the_memory_they_take(monkeypatch, dataset):
    monkeypatch.setattr(ease, "_MAX_ITEMS", 39)
    monkeypatch.setattr(ease, "_MAX_ITEMS_IN_TUNER", 20)
    with pytest.raises(FitError, match=r"40 x 40 items, which takes .* GB"):
        Ease().fit(dataset)
    monkeypatch.setattr(ease, "_MAX_ITEMS", 40)
    assert Ease().refusal(dataset) is None, "cold items take no memory"
    assert "20 items" in Ease().refusal(dataset, in_tuner=True)


def test_one_gram_matrix_serves_all_fits(monkeypatch, dataset):
    first = Ease(regularization=1.0).fit(dataset)

    def never(likes):
        raise AssertionError("made twice")

    monkeypatch.setattr(ease, "_gram", never)
    second = Ease(regularization=2.0).fit(dataset)
    assert not np.array_equal(first.weights.weights, second.weights.weights)
    np.testing.assert_array_equal(
        Ease(regularization=1.0).fit(dataset).weights.weights, first.weights.weights
    )


def test_a_matrix_that_cannot_be_inverted_is_an_error(monkeypatch, dataset):
    gram = -np.eye(40, dtype=np.float32) * 1e6
    monkeypatch.setattr(ease, "_gram", lambda likes: gram)
    with pytest.raises(FitError, match="raise the regularization"):
        Ease(regularization=1.0).fit(dataset)
