from __future__ import annotations

import numpy as np
import pytest

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


@pytest.mark.parametrize("exponent", [-149, -140, -100, -70, 70, 120])
def test_cosines_do_not_know_lengths_whose_squares_float32_does_not_hold(exponent):
    items = np.arange(4, dtype=np.int32)
    rows = VECTORS * np.array([[1], [1], [np.ldexp(1.0, exponent)], [1]])
    lists = cosine_lists(rows.astype(np.float32), items, 4, listed=items)
    wanted = cosine_lists(VECTORS, items, 4, listed=items)
    np.testing.assert_array_equal(lists.item_idxs, wanted.item_idxs)
    np.testing.assert_array_equal(lists.scores, wanted.scores)


def test_no_cosine_is_above_one():
    random = np.random.default_rng(0)
    rows = random.normal(size=(60, 200)) * 10.0 ** random.integers(-44, 36, (60, 1))
    items = np.arange(60, dtype=np.int32)
    lists = cosine_lists(np.tile(rows, (2, 1)).astype(np.float32), items, 5, listed=items + 60)
    same = np.abs(rows.astype(np.float32)).max(axis=1) > 0
    np.testing.assert_allclose(lists.scores[same, 0], 1, atol=1e-5)
    assert np.nanmax(np.abs(lists.scores)) <= 1 + 1e-5
