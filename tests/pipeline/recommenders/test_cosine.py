from __future__ import annotations

import numpy as np

from pipeline.recommenders.cosine import cosine_lists

VECTORS = np.array([[2, 0], [0, 3], [1, 1], [0, 0]], np.float32)


def test_cosines_by_hand():
    lists = cosine_lists(
        VECTORS, np.array([0, 2], np.int32), 3, listed=np.arange(3, dtype=np.int32)
    )
    assert lists.item_idxs.tolist() == [[2, 1, -1], [0, 1, -1]]
    np.testing.assert_allclose(lists.scores[0, :2], [np.sqrt(0.5), 0], atol=1e-7)
    np.testing.assert_allclose(lists.scores[1, :2], [np.sqrt(0.5)] * 2)


def test_a_row_of_zeros_is_like_nothing():
    lists = cosine_lists(VECTORS, np.array([3], np.int32), 2, listed=np.array([0, 2], np.int32))
    assert lists.scores.tolist() == [[0, 0]]
