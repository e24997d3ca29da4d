from __future__ import annotations

import numpy as np

from pipeline.recommenders.ials import Ials


def test_published_factors_score_a_visitor_as_the_user_they_are(dataset):
    fitted = Ials(factors=8).fit(dataset)
    likes, items = dataset.user_items, fitted.listable
    visitors = fitted.published_factors().scores(likes.indptr, likes.indices, likes.data)
    users = fitted.user_scorer(items)(np.arange(dataset.n_users, dtype=np.int32))
    np.testing.assert_allclose(visitors[:, items], users, atol=1e-5)
    assert np.ptp(users) > 0.1


def test_a_look_for_some_users_is_the_whole_one_without_the_others(dataset):
    model = Ials(factors=8, iterations=5)
    some = np.array([0, 3, 4], np.int32)
    looks = zip(model.fit_path(dataset), model.fit_path(dataset, users=some), strict=True)
    for whole, few in looks:
        np.testing.assert_array_equal(few.item_factors, whole.item_factors)
        np.testing.assert_array_equal(few.user_factors[some], whole.user_factors[some])
        assert whole.user_factors.any(axis=1).sum() > len(some)
        assert set(np.flatnonzero(few.user_factors.any(axis=1))) <= set(some.tolist())
