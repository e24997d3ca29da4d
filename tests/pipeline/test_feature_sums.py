from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from pipeline.feature_sums import ComposedFactors, FeatureParts, ItemVectors

N_ITEMS, N_FEATURES, N_USERS = 20, 9, 6
SEEDS = st.integers(0, 10**6)
TARGETS = np.array([3, 0, 19, 3])


def rows_of(seed):
    """Items x features, some rows empty."""
    matrix = csr_matrix(
        random_array((N_ITEMS, N_FEATURES), density=0.25, format="csr", rng=seed), dtype="f4"
    )
    return matrix.indptr, matrix.indices, matrix.data, matrix.toarray().astype(np.float64)


def vectors_of(seed):
    *parts, dense = rows_of(seed)
    likes = np.random.default_rng(seed).uniform(0.3, 1, N_ITEMS).astype(np.float32)
    return ItemVectors(*parts, likes, N_FEATURES), dense


def composed_of(seed):
    *parts, dense = rows_of(seed)
    random = np.random.default_rng(seed + 1)
    tables = [random.normal(size=(n, 5)).astype("f4") for n in (N_FEATURES, N_ITEMS, N_USERS)]
    tables[1][4] = 0  # nothing was learned of it
    return ComposedFactors(*parts, *tables), dense


def unit(rows):
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths, lengths, 1)


def sums(told: FeatureParts):
    return told.parts.sum(axis=0) + told.rest


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, likes=st.dictionaries(st.integers(0, N_ITEMS - 1), st.sampled_from([1, 0.5])))
def test_scores_of_vectors_are_products_with_the_profile(seed, likes):
    model, dense = vectors_of(seed)
    items, weights = np.array([*likes], np.int32), np.array([*likes.values()], np.float32)
    profile = unit((weights * model.like_weights[items]) @ dense[items])
    scores = model.scores(np.array([0, len(items)]), items, weights)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores[0], dense @ profile, atol=1e-6)
    told = model.parts(items, weights, TARGETS)
    np.testing.assert_allclose(sums(told), scores[0, TARGETS], atol=1e-6)
    assert not told.rest.any()


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, item=st.integers(0, N_ITEMS - 1))
def test_parts_beside_an_item_add_up_to_the_cosine(seed, item):
    model, dense = vectors_of(seed)
    cosines = unit(dense[TARGETS]) @ unit(dense[item])
    np.testing.assert_allclose(sums(model.similar_parts(item, TARGETS)), cosines, atol=1e-6)


def test_only_features_that_both_have_are_told():
    model = ItemVectors(
        np.array([0, 2, 4, 5]),
        np.array([0, 1, 1, 2, 2]),
        np.array([3, 4, 1, 1, 1], np.float32),
        np.ones(3, np.float32),
        3,
    )
    told = model.parts(np.array([0]), np.ones(1, np.float32), np.array([1, 2]))
    assert told.features.tolist() == [1]
    np.testing.assert_allclose(told.parts, [[0.8, 0]])


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, user=st.integers(0, N_USERS - 1), item=st.integers(0, N_ITEMS - 1))
def test_parts_of_composed_factors_add_up_to_scores_and_cosines(seed, user, item):
    model, dense = composed_of(seed)
    items = model.own_factors + dense @ model.feature_factors  # (n_items, factors + 1)
    person = model.user_factors[user].astype(np.float64)
    scores = items[:, :-1] @ person[:-1] + items[:, -1] + person[-1]
    np.testing.assert_allclose(sums(model.user_parts(user, TARGETS)), scores[TARGETS], atol=1e-5)
    cosines = unit(items[TARGETS, :-1]) @ unit(items[item, :-1])
    np.testing.assert_allclose(sums(model.similar_parts(item, TARGETS)), cosines, atol=1e-5)


def test_what_was_learned_of_an_item_itself_is_the_rest():
    model, dense = composed_of(3)
    told = model.user_parts(1, np.array([4, 7]))
    assert told.rest[0] == pytest.approx(model.user_factors[1, -1]), "the person's bias alone"
    assert told.rest[1] != told.rest[0]
    assert set(told.features.tolist()) == set(np.flatnonzero(dense[[4, 7]].any(axis=0)).tolist())


def test_without_the_rest_the_parts_do_not_add_up():
    model, dense = composed_of(3)
    items = model.own_factors + dense @ model.feature_factors
    score = items[7, :-1] @ model.user_factors[1, :-1] + items[7, -1] + model.user_factors[1, -1]
    told = model.user_parts(1, np.array([7]))
    assert sums(told)[0] == pytest.approx(score, abs=1e-5)
    assert told.parts.sum() != pytest.approx(score, abs=1e-3)


def test_a_visitor_without_likes_scores_zero_and_no_targets_give_no_parts():
    model, _ = vectors_of(5)
    none = np.empty(0, np.int32), np.empty(0, np.float32)
    assert not model.scores(np.array([0, 0]), *none).any()
    assert model.scores(np.array([0]), *none).shape == (0, N_ITEMS)
    assert model.parts(*none, TARGETS).parts.shape == (0, 4)
    assert model.parts(np.array([1]), np.ones(1, np.float32), none[0]).rest.shape == (0,)


def test_items_without_any_feature_score_zero():
    bare = ItemVectors(
        np.zeros(4, np.int64), np.empty(0, np.int32), np.empty(0, "f4"), np.ones(3, "f4"), 0
    )
    assert not bare.scores(np.array([0, 1]), np.array([2]), np.ones(1, np.float32)).any()
    assert bare.similar_parts(0, np.array([1])).parts.shape == (0, 1)


@pytest.mark.parametrize("item", [-1, N_ITEMS])
def test_items_that_do_not_exist_are_refused(item):
    vectors, composed = vectors_of(5)[0], composed_of(5)[0]
    one, known, unknown = np.ones(1, np.float32), np.array([0]), np.array([item])
    for call in (
        lambda: vectors.scores(np.array([0, 1]), unknown, one),
        lambda: vectors.parts(known, one, unknown),
        lambda: vectors.similar_parts(item, known),
        lambda: composed.user_parts(0, unknown),
        lambda: composed.similar_parts(0, unknown),
    ):
        with pytest.raises(ValueError, match="20 items"):
            call()
