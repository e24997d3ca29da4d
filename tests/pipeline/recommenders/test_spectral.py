from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.polynomial import chebyshev
from scipy.sparse import csr_matrix, random_array

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders import spectral
from pipeline.recommenders.spectral import Spectral, plateau_coefficients


def some(dataset: Dataset, *, weighted: bool = False) -> Dataset:
    likes = csr_matrix(random_array((40, 30), density=0.2, format="csr", rng=1), dtype="f4")
    if not weighted:
        likes.data[:] = 1
    ids = np.array([f"{item:02}" for item in range(30)])
    return replace(dataset, user_ids=np.arange(40), item_ids=ids, user_items=likes)


def slow_scores(likes: np.ndarray, model: Spectral) -> np.ndarray:
    """The equation, dense, the polynomial as a function of the eigenvalues."""
    of_users, of_items = likes.sum(axis=1), likes.sum(axis=0)
    normal = likes / np.sqrt(of_users)[:, None] / np.sqrt(of_items)
    squares, vectors = np.linalg.eigh(normal.T @ normal)
    top = vectors[:, np.argsort(-squares)[: model.rank]]

    def around(kernel: np.ndarray, exponent: float) -> np.ndarray:
        return (likes / of_items**exponent) @ kernel * of_items**exponent

    ideal = around(top @ top.T, model.degree_exponent)
    if model.order == 0:
        return ideal
    values = squares
    if model.order > 1:
        coefficients = plateau_coefficients(model.order, model.flatness)
        values = chebyshev.chebval(1 - 2 * squares, coefficients)
    kernel = vectors @ np.diag(values) @ vectors.T
    return around(kernel, model.filter_exponent) + model.ideal_weight * ideal


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("order", [0, 1, 5])
def test_scores_are_those_of_the_dense_equation(dataset, order, weighted):
    data = some(dataset, weighted=weighted)
    model = Spectral(
        rank=4, order=order, ideal_weight=0.7, filter_exponent=0.2, degree_exponent=0.6
    )
    fitted = model.fit(data)
    assert fitted.listable.tolist() == list(range(30))
    scores = fitted.user_scorer(fitted.listable)(np.arange(40, dtype=np.int32))
    wanted = slow_scores(data.user_items.toarray().astype(np.float64), model)
    np.testing.assert_allclose(scores, wanted, atol=1e-5)


def test_the_plateau_is_met_at_its_nodes():
    order, flatness = 6, 1.5
    coefficients = plateau_coefficients(order, flatness)
    nodes = np.cos((order + 0.5 - np.arange(order + 1)) / (order + 1) * np.pi)
    x = np.cos((order - np.arange(order + 1)) / order * np.pi).round(3)
    plateau = np.where(x < 0, 0.5 + 0.5 * np.abs(x) ** flatness, 0.5 - 0.5 * np.abs(x) ** flatness)
    np.testing.assert_allclose(chebyshev.chebval(nodes, coefficients), plateau, atol=1e-3)
    assert plateau[0] == 1
    assert plateau[-1] == 0


def take_the_sparse_way(monkeypatch):
    for name in ("_DENSE_SHARE", "_DENSE_SIDE"):
        monkeypatch.setattr(spectral, name, 0)

    def never(*args):
        raise AssertionError("went by the Gram matrix")

    monkeypatch.setattr(spectral, "_by_gram", never)


def test_lanczos_and_the_gram_matrix_give_the_same_subspace(monkeypatch):
    likes = csr_matrix(random_array((90, 70), density=0.1, format="csr", rng=2), dtype="f4")
    dense = spectral._singular_vectors(likes, 6, seed=0, threads=1)
    short = spectral._singular_vectors(likes.T.tocsr(), 6, seed=0, threads=1)
    take_the_sparse_way(monkeypatch)
    for matrix, wanted in ((likes, dense), (likes.T.tocsr(), short)):
        found = spectral._singular_vectors(matrix, 6, seed=0, threads=1)
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found @ found.T, wanted @ wanted.T, atol=1e-4)


@pytest.mark.parametrize("shape", ["long", "wide"])
def test_both_ways_leave_out_what_no_kind_of_user_likes(monkeypatch, dataset, shape):
    kinds = np.random.default_rng(0).random((12, 60)) < 0.2
    likes = csr_matrix(np.repeat(kinds, 10, axis=0).astype(np.float32))  # of rank 12
    likes = likes if shape == "long" else likes.T.tocsr()
    ids = np.array([f"{item:03}" for item in range(likes.shape[1])])
    data = replace(dataset, user_ids=np.arange(likes.shape[0]), item_ids=ids, user_items=likes)
    people = np.arange(data.n_users, dtype=np.int32)

    def fitted():
        return Spectral(rank=30).fit(replace(data))

    monkeypatch.setattr(spectral, "_LADDER", (30,))
    dense = fitted()
    take_the_sparse_way(monkeypatch)
    sparse = fitted()
    assert sparse.vectors.shape == dense.vectors.shape == (data.n_items, 12)
    assert sparse.vectors.tobytes() == fitted().vectors.tobytes()
    turned = np.abs(np.sum(sparse.vectors * dense.vectors, axis=0))  # up to the sign
    np.testing.assert_allclose(turned, 1, atol=1e-4)
    scores = [one.user_scorer(one.listable)(people) for one in (sparse, dense)]
    np.testing.assert_allclose(*scores, atol=1e-5)
    beside = [one.item_lists(one.listable, 5).scores for one in (sparse, dense)]
    np.testing.assert_allclose(*beside, atol=1e-5)


def test_one_decomposition_serves_all_ranks(monkeypatch, dataset):
    long = Spectral(rank=20).fit(dataset)

    def never(*args, **kwargs):
        raise AssertionError("decomposed twice")

    monkeypatch.setattr(spectral, "_singular_vectors", never)
    short = Spectral(rank=3, degree_exponent=0.0).fit(dataset)
    np.testing.assert_array_equal(short.vectors, long.vectors[:, :3])


@pytest.mark.parametrize("order", [0, 1, 4])
def test_people_get_their_groups_items_first(dataset, order):
    fitted = Spectral(rank=4, order=order).fit(dataset)
    lists = fitted.user_lists(
        np.arange(dataset.n_users, dtype=np.int32), 4, seen=dataset.user_items
    )
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        listed = [dataset.item_ids[item] for item in row]
        assert {item[0] for item in listed} == {user[1]}


def test_people_without_likes_get_nothing(dataset):
    likes = dataset.user_items.tolil()
    likes[3] = 0
    fitted = Spectral(order=1).fit(replace(dataset, user_items=csr_matrix(likes)))
    lists = fitted.user_lists(np.array([3, 4], np.int32), 5)
    assert (lists.item_idxs[0] == -1).all()
    assert (lists.item_idxs[1] >= 0).all()
