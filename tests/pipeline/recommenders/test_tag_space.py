from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from scipy.sparse import csr_matrix, identity, random_array

from pipeline.dataset.matrix import unit_rows
from pipeline.recommenders import tag_space
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_space import Space, n_distinct, too_wide
from pipeline.recommenders.tag_vectors import discounted, no_features, tag_vectors


def kernel(dataset, power):
    vectors = tag_vectors(dataset, idf_power=0.5, flatness=0.2).toarray()
    dot = vectors @ vectors.T
    return dot if power == 1 else ((1 + dot) / 2) ** power


@pytest.mark.parametrize("power", [1, 3])
def test_coordinates_span_the_kernel_of_the_liked_items(dataset, power):
    space = Space(0.5, 0.2, power, 3000).of(dataset, 0)
    liked = np.flatnonzero(np.bincount(dataset.user_items.indices, minlength=dataset.n_items))
    product = space.coordinates[liked] @ space.coordinates.T
    np.testing.assert_allclose(product, kernel(dataset, power)[liked], atol=2e-4)
    gram = space.coordinates[liked].T @ space.coordinates[liked]
    np.testing.assert_allclose(gram, space.gram, atol=1e-5 * gram.max())


def ridge_of_the_whole_kernel(data, power, strength):
    """Weights of all items for the liked ones, shape (n_liked, n_items), and the liked ones."""
    liked = np.flatnonzero(np.bincount(data.user_items.indices, minlength=data.n_items))
    whole = kernel(data, power).astype(np.float64)
    system = whole[np.ix_(liked, liked)] + strength * np.eye(len(liked))
    return np.linalg.solve(system, whole[liked]), liked


@pytest.mark.parametrize("power", [1, 3])
@pytest.mark.parametrize("strength", [1e-4, 1.0, 1e4])
def test_a_ridge_is_that_of_the_whole_kernel(dataset, power, strength):
    found = Space(0.5, 0.2, power, 3000).of(dataset, 0).ridge(strength)
    expected, liked = ridge_of_the_whole_kernel(dataset, power, strength)
    np.testing.assert_allclose(found[liked] @ found.T, expected, atol=2e-3 * expected.max())


def of_features(dataset, features, liked):
    """A data set whose users like one item each, all of these items."""
    n_items = len(features)
    return replace(
        dataset,
        user_ids=np.array([f"u{n:05}" for n in range(len(liked))]),
        item_ids=np.array([f"{n:06}" for n in range(n_items)]),
        user_items=csr_matrix(
            (np.ones(len(liked), np.float32), liked, np.arange(len(liked) + 1)),
            (len(liked), n_items),
        ),
        item_features=unit_rows(csr_matrix(features.astype(np.float32))),
        feature_names=tuple(f"tag:{n}" for n in range(features.shape[1])),
    )


@pytest.mark.parametrize("landmarks", [12, 3000])
def test_what_no_liked_item_tells_apart_says_nothing(dataset, landmarks):
    features = np.zeros((44, 13))
    features[np.arange(44), np.arange(44) % 11] = 1
    features[np.arange(11, 22), (np.arange(11, 22) + 1) % 11] = 1
    features[[42, 43], 11] = 1  # a tag of these two alone, which nobody likes
    features[features[:, 3] > 0, 12] = 1  # beside tag 3 wherever anybody likes it
    features[36] = np.eye(13)[12]  # and without it on an item that nobody likes
    data = of_features(dataset, features, np.arange(36))
    fitted = TagKernel(power=1, landmarks=landmarks, regularization=0.1).fit(data)
    assert fitted.coordinates.shape[1] == 11
    expected, liked = ridge_of_the_whole_kernel(data, 1, 0.1)
    found = fitted.coordinates[liked] @ fitted.coordinates.T
    np.testing.assert_allclose(found, expected, atol=1e-4)
    lists = fitted.item_lists(np.array([42, 43], np.int32), 2)
    for item, row in zip((42, 43), lists.item_idxs, strict=True):
        assert {int(other) % 11 for other in row} == {item % 11}
    np.testing.assert_allclose(lists.scores, 1, atol=1e-3)


@pytest.mark.parametrize("power", [2, 3])
def test_landmarks_that_are_combinations_of_others_make_no_coordinates(dataset, power):
    features = np.random.default_rng(0).random((400, 9)) < 0.5
    features[:, 0] |= ~features.any(axis=1)
    data = of_features(dataset, features, np.arange(400))
    space = Space(0.5, 0.2, power, 3000).of(data, 0)
    assert space.rank <= comb(9 + power, power) < n_distinct(data)  # products of so many tags
    product = space.coordinates @ space.coordinates.T
    np.testing.assert_allclose(product, kernel(data, power), atol=2e-3)


def test_an_item_with_every_tag_does_not_blur_the_others(dataset):
    features = np.random.default_rng(0).random((300, 60)) < 0.05
    features[:, 0] |= ~features.any(axis=1)
    features[7] = True
    data = of_features(dataset, features, np.arange(300))
    found = Space(0.5, 0.2, 5, 3000).of(data, 0).ridge(0.01)
    expected, _ = ridge_of_the_whole_kernel(data, 5, 0.01)
    np.testing.assert_allclose(found @ found.T, expected, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize("strength", [1e-4, 1e-3])
def test_groups_that_exclude_each_other_are_solved(dataset, strength):
    random = np.random.default_rng(0)
    features = np.zeros((20_000, 24))
    features[np.arange(20_000), random.integers(0, 20, 20_000)] = 1  # a category each
    features[np.arange(20_000), random.integers(20, 24, 20_000)] = 1  # a licence each
    data = of_features(dataset, features, np.arange(20_000))
    dense = tag_vectors(data, idf_power=0.5, flatness=0.2).toarray().astype(np.float64)
    kernel_of = TagKernel(power=1, regularization=strength).fit(data)
    expected = np.linalg.pinv(dense.T @ dense + strength * np.eye(24), rcond=1e-9)
    found = kernel_of.coordinates[:50] @ kernel_of.coordinates[:50].T
    np.testing.assert_allclose(found, dense[:50] @ expected @ dense[:50].T, rtol=0.01, atol=1e-7)
    ials = Ials(factors=4, iterations=2)
    factors_of = TagFactors(power=1, regularization=strength, collaborative=ials).fit(data)
    assert np.isfinite(factors_of.item_factors).all()
    assert np.abs(factors_of.item_factors).max() < 2 * np.abs(ials.fit(data).item_factors).max()


def test_few_landmarks_are_an_approximation_of_less_rank(dataset):
    exact = Space(0.5, 0.2, 3, 3000).of(dataset, 0)
    drawn = Space(0.5, 0.2, 3, 4).of(dataset, 0)
    assert drawn.coordinates.shape[1] == 4 < exact.coordinates.shape[1]


def test_the_last_two_spaces_are_kept_and_no_more(dataset):
    data = replace(dataset)
    spaces = [Space(0.5, 0.2, power, 3000) for power in (1, 2, 3)]
    first = spaces[0].of(data, 0)
    assert spaces[0].of(data, 0) is first
    for space in spaces[1:]:
        space.of(data, 0)
    assert spaces[0].of(data, 0) is not first


def test_large_spaces_give_way_before_another_one_is_made(dataset, monkeypatch):
    data = replace(dataset)
    spaces = [Space(0.5, 0.2, power, 3000) for power in (2, 3)]
    first = spaces[0].of(data, 0)
    needed = spaces[1].size_bytes(data)
    for spare, is_kept in ((first.size_bytes, True), (first.size_bytes - 1, False)):
        monkeypatch.setattr(tag_space, "_MOST_BYTES", needed + spare)
        spaces[1].of(data, 0)
        assert (spaces[0].of(data, 0) is first) == is_kept
        data = replace(data)
        first = spaces[0].of(data, 0)


def of_many_items(dataset, n_items, n_features):
    """All liked, hardly two alike."""
    features = random_array((n_items, n_features), density=0.05, format="csr", rng=0)
    return replace(
        dataset,
        user_ids=dataset.user_ids[:1],
        item_ids=np.arange(n_items).astype("U6"),
        user_items=csr_matrix(np.ones((1, n_items), np.float32)),
        item_features=unit_rows(csr_matrix(features)),
        feature_names=tuple(f"tag:{n}" for n in range(n_features)),
    )


@pytest.mark.parametrize(("power", "landmarks"), [(1, 3000), (2, 200), (2, 700), (2, 3000)])
def test_no_more_memory_is_taken_than_is_told(dataset, power, landmarks):
    data = of_many_items(dataset, 1500, 150 if power == 1 else 300)
    space = Space(0.5, 0.2, power, landmarks)
    told = space.size_bytes(data)
    tracemalloc.start()
    try:
        space.of(data, 0)
        peak = tracemalloc.get_traced_memory()[1]
        for model in (
            TagKernel(power=power, landmarks=landmarks),
            TagFactors(power=power, landmarks=landmarks, collaborative=Ials(factors=4)),
        ):
            model.fit(data)
            peak = max(peak, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    sparse = 64 * data.item_features.nnz + 12 * tag_space._BLOCK_ROWS * space.width(data)
    assert 0.6 * told < peak < told + sparse


def test_an_item_without_features_has_no_coordinates(dataset):
    rows = dataset.item_features.toarray()
    rows[5] = 0
    space = Space(0.5, 0.2, 3, 3000).of(replace(dataset, item_features=csr_matrix(rows)), 0)
    assert not space.coordinates[5].any()
    assert 5 not in space.described


def test_what_takes_too_much_memory_is_refused_with_its_size(dataset):
    space = Space(0.5, 0.2, 3, 20_000)
    assert too_wide("m", space, dataset) is None
    n_items = 100_000  # all liked, no two alike
    everything = csr_matrix(np.ones((1, n_items), np.float32))
    many = replace(
        dataset,
        user_ids=dataset.user_ids[:1],
        item_ids=np.array([f"{n:06}" for n in range(n_items)]),
        user_items=everything,
        item_features=identity(n_items, np.float32, "csr"),
        feature_names=tuple(f"tag:{n}" for n in range(n_items)),
    )
    assert "25.6 GB" in (too_wide("m", space, many) or "")


def test_the_default_landmarks_are_not_refused_to_a_site_of_many_items(dataset):
    data = of_many_items(dataset, 28_806, 300)
    space = Space(0.5, 0.2, 3, 3000)
    assert space.width(data) == 3000
    assert too_wide("m", space, data) is None


def test_what_is_alike_or_unliked_makes_no_space_wider(dataset):
    assert n_distinct(dataset) <= dataset.n_items
    features = csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [1, 1]], np.float32))
    likes = csr_matrix(np.array([[1, 1, 1, 0]], np.float32))
    few = replace(
        dataset,
        user_ids=dataset.user_ids[:1],
        item_ids=dataset.item_ids[:4],
        user_items=likes,
        item_features=features,
        feature_names=("tag:a", "tag:b"),
    )
    assert n_distinct(few) == 2
    assert Space(0.5, 0.2, 3, 3000).width(few) == 2


def test_flat_vectors_have_length_one_and_others_mean_square_one(dataset):
    flat = tag_vectors(dataset)
    np.testing.assert_allclose(flat.multiply(flat).sum(axis=1), 1, rtol=1e-5)
    rows = dataset.item_features.toarray()
    rows[0, :] = rows[0].max()  # many tags
    long = tag_vectors(replace(dataset, item_features=csr_matrix(rows)), flatness=0.0)
    lengths = np.asarray(long.multiply(long).sum(axis=1)).ravel()
    assert lengths.mean() == pytest.approx(1, rel=1e-5)
    assert lengths[0] > 2 * lengths[1]


def test_discount_divides_by_a_power_of_the_likes():
    likes = csr_matrix(np.array([[1, 1], [1, 0], [1, 0], [1, 0]], np.float32))
    np.testing.assert_allclose(discounted(likes, 0.5).toarray()[0], [0.5, 1])
    np.testing.assert_array_equal(discounted(likes, 0.0).toarray(), likes.toarray())


def test_no_features_are_told_of(dataset, bare):
    assert no_features("m", dataset) is None
    assert "48 items" in (no_features("m", bare) or "")
