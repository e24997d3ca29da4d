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
