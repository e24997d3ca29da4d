from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from pipeline.fold_in import ItemFactors, ItemWeights, z_scores

N_ITEMS = 24
SEEDS = st.integers(0, 10**6)


def sparse(n_rows: int, seed: int) -> csr_matrix:
    return csr_matrix(
        random_array((n_rows, N_ITEMS), density=0.2, format="csr", rng=seed), dtype="f4"
    )


def weights_of(seed: int) -> tuple[ItemWeights, np.ndarray]:
    matrix = sparse(N_ITEMS, seed)
    matrix.data -= np.float32(0.3)  # some speak against
    return ItemWeights(matrix.indptr, matrix.indices, matrix.data), matrix.toarray()


def factors_of(seed: int, *, nu: float = 1.0) -> ItemFactors:
    rows = np.random.default_rng(seed).normal(size=(N_ITEMS, 5)).astype(np.float32)
    return ItemFactors(rows, alpha0=0.1, regularization=0.02, nu=nu)


def solved_densely(model: ItemFactors, likes: np.ndarray) -> np.ndarray:
    """Scores by the definition: a weighted least squares problem over all items."""
    found = np.zeros((len(likes), N_ITEMS))
    q = model.factors.astype(np.float64)
    for row, w in enumerate(likes):
        n = np.count_nonzero(w)
        if n:
            ridge = model.regularization * (n + model.alpha0 * N_ITEMS) ** model.nu
            # sum w (p.q - 1)^2 + alpha0 sum (p.q)^2 + ridge |p|^2, as one stack of rows
            stack = [np.sqrt(w)[:, None] * q, np.sqrt(model.alpha0) * q, np.sqrt(ridge) * np.eye(5)]
            wanted = [np.sqrt(w), np.zeros(N_ITEMS), np.zeros(5)]
            found[row] = q @ np.linalg.lstsq(np.vstack(stack), np.concatenate(wanted))[0]
    return found


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_scores_of_weights_are_the_product(seed):
    model, dense = weights_of(seed)
    visitors = sparse(6, seed + 1)
    scores = model.scores(visitors.indptr, visitors.indices, visitors.data)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, visitors.toarray() @ dense, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, nu=st.sampled_from([0.0, 0.5, 1.0]))
def test_scores_of_factors_minimise_the_loss(seed, nu):
    model = factors_of(seed, nu=nu)
    visitors = sparse(6, seed + 1)
    scores = model.scores(visitors.indptr, visitors.indices, visitors.data)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, solved_densely(model, visitors.toarray()), atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(["weights", "factors"]))
def test_parts_add_up_to_the_score(seed, kind):
    model = weights_of(seed)[0] if kind == "weights" else factors_of(seed)
    visitor = sparse(1, seed + 1)
    targets = np.array([3, 0, 23, 3])
    parts = model.parts(visitor.indices, visitor.data, targets)
    assert parts.shape == (visitor.nnz, 4)
    scores = model.scores(visitor.indptr, visitor.indices, visitor.data)
    np.testing.assert_allclose(parts.sum(axis=0), scores[0, targets], atol=1e-4)


@pytest.mark.parametrize("kind", [weights_of, factors_of])
@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, targets=st.sets(st.integers(0, N_ITEMS - 1)))
def test_the_mean_of_parts_is_that_over_the_targets(kind, seed, targets):
    made = kind(seed)
    model = made[0] if isinstance(made, tuple) else made
    items, likes = np.array([1, 5, 7]), np.array([1, 2, 0.5], np.float32)
    aimed = np.array(sorted(targets), np.int32)
    parts = model.parts(items, likes, aimed)
    wanted = parts.mean(axis=1) if len(aimed) else np.zeros(3)
    np.testing.assert_allclose(model.mean_parts(items, likes, aimed), wanted, atol=1e-5)


def test_a_target_may_be_asked_for_twice():
    model, dense = weights_of(3)
    parts = model.parts(np.array([2]), np.ones(1, np.float32), np.array([4, 1, 4]))
    np.testing.assert_allclose(parts, dense[[2]][:, [4, 1, 4]], atol=1e-6)


def test_a_part_is_what_the_like_gives():
    model, dense = weights_of(3)
    parts = model.parts(np.array([4, 7]), np.array([1, 2], np.float32), np.arange(N_ITEMS))
    np.testing.assert_allclose(parts, dense[[4, 7]] * [[1], [2]], atol=1e-6)


@pytest.mark.parametrize("kind", ["weights", "factors"])
def test_visitors_do_not_see_each_other(kind):
    model = weights_of(5)[0] if kind == "weights" else factors_of(5)
    visitors = sparse(4, 6)
    among = model.scores(visitors.indptr, visitors.indices, visitors.data)[2]
    alone = visitors[2]
    np.testing.assert_allclose(
        model.scores(alone.indptr, alone.indices, alone.data)[0], among, rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("kind", ["weights", "factors"])
def test_a_visitor_without_likes_scores_zero_and_none_give_no_rows(kind):
    model = weights_of(5)[0] if kind == "weights" else factors_of(5)
    none = np.empty(0, np.int32), np.empty(0, np.float32)
    assert not model.scores(np.array([0, 0]), *none).any()
    assert model.scores(np.array([0]), *none).shape == (0, N_ITEMS)
    assert model.parts(*none, np.array([1, 2])).shape == (0, 2)


@pytest.mark.parametrize("kind", ["weights", "factors"])
@pytest.mark.parametrize("item", [-1, N_ITEMS])
def test_items_that_do_not_exist_are_refused(kind, item):
    model = weights_of(5)[0] if kind == "weights" else factors_of(5)
    one, known = np.ones(1, np.float32), np.array([0])
    for call in (
        lambda: model.scores(np.array([0, 1]), np.array([item]), one),
        lambda: model.parts(np.array([item]), one, known),
        lambda: model.parts(known, one, np.array([item])),
    ):
        with pytest.raises(ValueError, match="24 items"):
            call()


def test_arrays_that_are_no_matrix_are_refused():
    one = np.ones(1, np.float32)
    with pytest.raises(ValueError, match="end at 2"):
        ItemWeights(np.array([0, 1, 2]), np.array([0]), one)
    with pytest.raises(ValueError, match="2 items"):
        ItemWeights(np.array([0, 1, 1]), np.array([2]), one)


def test_z_scores_by_hand():
    scores = np.array([[1, 3, -np.inf, 0], [-np.inf] * 4, [2, 2, 2, 2]], np.float32)
    before = scores.copy()
    z = z_scores(scores)
    # 1, 3, 0, 0: mean 1, variance (0 + 4 + 1 + 1) / 4
    np.testing.assert_allclose(z[0], np.array([0, 2, -1, -1]) / np.sqrt(1.5), rtol=1e-6)
    assert not z[1:].any()
    assert z.dtype == np.float32
    np.testing.assert_array_equal(scores, before)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
def test_z_scores_do_not_know_scale_nor_shift(seed, scale, shift):
    scores = np.random.default_rng(seed).normal(size=(3, 50)).astype(np.float32)
    moved = (scores * np.float32(scale) + np.float32(shift * scale)).astype(np.float32)
    np.testing.assert_allclose(z_scores(moved), z_scores(scores), atol=1e-3)


@pytest.mark.parametrize("exponent", [-100, -70, 70, 110])
def test_z_scores_of_scores_whose_squares_float32_does_not_hold(exponent):
    scores = np.array([[1, 3, 2, 0], [5, 5, 5, 5]], np.float32)
    scaled = np.ldexp(scores, exponent)
    np.testing.assert_array_equal(z_scores(scaled), z_scores(scores))


@pytest.mark.parametrize("step", [1e-45, 1e-42, 1e-39, 1e-38, 1e38])
def test_z_scores_of_scores_whose_spread_float32_cannot_divide_by(step):
    step = np.float32(step)
    scores = np.array([[0, step, 2 * step], [-np.inf, step, 2 * step], [0, 1, 2]], np.float32)
    before = scores.copy()
    wanted = np.array([[-1, 0, 1]] * 3) * np.sqrt(1.5)
    np.testing.assert_allclose(z_scores(scores), wanted, rtol=1e-6)
    np.testing.assert_array_equal(scores, before)


def test_z_scores_of_scores_that_lie_further_apart_than_float32_reaches():
    most = np.finfo(np.float32).max
    z = z_scores(np.array([[most, most, -most]], np.float32))
    np.testing.assert_allclose(z, [[np.sqrt(0.5), np.sqrt(0.5), -np.sqrt(2)]], rtol=1e-6)


def test_z_scores_without_columns():
    assert z_scores(np.empty((3, 0), np.float32)).shape == (3, 0)
