from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lightfm import LightFM
from scipy.sparse import csr_matrix

from pipeline.errors import FitError
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid

MODELS = [LightfmCf, LightfmHybrid]


@pytest.mark.parametrize("algorithm", MODELS)
def test_the_planted_taste_is_found(algorithm, dataset):
    fitted = algorithm(factors=8).fit(dataset)
    users = np.arange(dataset.n_users, dtype=np.int32)
    lists = fitted.user_lists(users, 4, seen=dataset.user_items)  # 10 warm less 6 liked
    own = [
        [dataset.item_ids[item][0] == user[1] for item in row]
        for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True)
    ]
    assert np.mean(own) > 0.95  # 1 in 4 by chance
    beside = fitted.item_lists(fitted.subjects, 5)
    groups = np.array([item[0] for item in dataset.item_ids])
    assert (groups[beside.item_idxs] == groups[fitted.subjects][:, None]).mean() > 0.95


def test_cf_lists_no_cold_item_and_the_hybrid_lists_them_where_they_belong(dataset):
    cold = np.flatnonzero(dataset.user_items.sum(axis=0).A1 == 0)
    assert len(cold) == 8
    assert not np.isin(LightfmCf().fit(dataset).listable, cold).any()
    fitted = LightfmHybrid().fit(dataset)
    assert np.isin(cold, fitted.listable).all()
    users = np.arange(dataset.n_users, dtype=np.int32)
    lists = fitted.user_lists(users, 2, candidates=cold.astype(np.int32))
    own = [
        [dataset.item_ids[item][0] == user[1] for item in row]
        for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True)
    ]
    assert np.mean(own) > 0.95


def test_scores_are_those_that_lightfm_predicts(dataset):
    settings = LightfmHybrid(factors=8, epochs=3)
    fitted = settings.fit(dataset, seed=5)
    rows, all_rows = settings._rows(dataset)
    warm = np.flatnonzero(dataset.user_items.sum(axis=0).A1 > 0)
    plain = LightFM(no_components=8, loss="warp", learning_rate=0.05, random_state=5)
    plain.fit(dataset.user_items[:, warm].tocoo(), item_features=rows, epochs=3)
    users = np.repeat(np.arange(4, dtype=np.int32), dataset.n_items)
    items = np.tile(np.arange(dataset.n_items, dtype=np.int32), 4)
    wanted = plain.predict(users, items, item_features=all_rows).reshape(4, -1)
    lists = fitted.user_lists(np.arange(4, dtype=np.int32), dataset.n_items)
    ours = np.full((4, dataset.n_items), np.nan)
    np.put_along_axis(ours, lists.item_idxs, lists.scores, axis=1)
    np.testing.assert_allclose(ours, wanted, atol=1e-6)


def test_without_features_the_hybrid_is_the_cf(bare):
    cf, hybrid = (algorithm(epochs=3).fit(bare, seed=1) for algorithm in MODELS)
    for name, array in cf.to_arrays().items():
        assert array.tobytes() == hybrid.to_arrays()[name].tobytes(), name


@pytest.mark.parametrize("algorithm", MODELS)
def test_each_look_at_a_fit_equals_a_fit_of_so_many_epochs(algorithm, dataset):
    settings = algorithm(factors=6, epochs=6)
    looks = list(settings.fit_path(dataset, seed=2))
    assert [step.epochs for step in settings.path()] == [1, 2, 3, 5, 6]
    for step, look in zip(settings.path(), looks, strict=True):
        alone = step.fit(dataset, seed=2)
        assert alone.item_factors.tobytes() == look.item_factors.tobytes()
        assert alone.user_factors.tobytes() == look.user_factors.tobytes()


def test_weights_count_and_zero_weight_teaches_nothing(dataset):
    ones = LightfmCf(epochs=3).fit(dataset)
    weighted = dataset.user_items.copy()
    weighted.data = np.random.default_rng(0).uniform(0.1, 2, weighted.nnz).astype(np.float32)
    other = LightfmCf(epochs=3).fit(replace(dataset, user_items=weighted))
    assert not np.array_equal(ones.item_factors, other.item_factors)
    weighted.data[:] = 0
    nothing = LightfmCf(epochs=3).fit(replace(dataset, user_items=weighted))
    assert (nothing.item_biases == 0).all()


def test_a_user_without_likes_gets_the_order_of_the_biases(dataset):
    likes = dataset.user_items.tolil()
    likes[0] = 0
    lonely = csr_matrix(likes)
    fitted = LightfmCf(epochs=5).fit(replace(dataset, user_items=lonely))
    row = fitted.user_lists(np.zeros(1, np.int32), 5).item_idxs[0]
    wanted = fitted.learned[np.argsort(-fitted.item_biases[fitted.learned], kind="stable")[:5]]
    np.testing.assert_array_equal(row, wanted)


def test_a_fit_that_leaves_the_finite_numbers_is_an_error(dataset):
    huge = dataset.user_items.copy()
    huge.data[:] = np.float32(1e38)
    with pytest.raises(FitError, match="lightfm_cf"):
        LightfmCf(epochs=3, learning_rate=1.0).fit(replace(dataset, user_items=huge))


def test_published_features_add_up_to_scores_and_cosines(dataset):
    fitted = LightfmHybrid(factors=8, epochs=3).fit(dataset, seed=5)
    published = fitted.published_features()
    lists = fitted.user_lists(np.array([7], np.int32), 12)
    told = published.sums.user_parts(7, lists.item_idxs[0])
    np.testing.assert_allclose(told.parts.sum(axis=0) + told.rest, lists.scores[0], atol=1e-5)
    beside = fitted.item_lists(np.array([3], np.int32), 12)
    told = published.sums.similar_parts(3, beside.item_idxs[0])
    np.testing.assert_allclose(told.parts.sum(axis=0) + told.rest, beside.scores[0], atol=1e-5)
    named = {published.names[feature] for feature in told.features.tolist()}
    assert named <= set(dataset.feature_names)
    assert named


def test_identities_alone_are_not_told_by_feature(dataset, bare):
    assert LightfmCf(epochs=1).fit(dataset).published_features() is None
    assert LightfmHybrid(epochs=1).fit(bare).published_features() is None
