from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.recommenders.score_keys import (
    KEY_COLUMNS,
    KEY_ROWS,
    NO_KEY,
    best_of_keys,
    columns_of,
    keys_of,
    scores_of,
)

SCORES = hnp.arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32, allow_nan=False))


def nothing(n, k):
    return np.full((n, k), NO_KEY)


@given(scores=SCORES, seed=st.integers(0, 99))
def test_keys_sort_by_row_then_falling_score_then_column(scores, seed):
    random = np.random.default_rng(seed)
    row = random.choice([0, 1, KEY_ROWS - 1], len(scores))
    column = random.choice([0, 7, KEY_COLUMNS - 1], len(scores))
    keys = np.sort(keys_of(row, scores, column))
    order = np.lexsort((column, -scores, row))
    assert (keys < NO_KEY).all()
    np.testing.assert_array_equal(keys >> np.uint64(56), row[order])
    np.testing.assert_array_equal(scores_of(keys), scores[order])
    np.testing.assert_array_equal(columns_of(keys), column[order])


def test_both_zeros_are_one_score():
    scores = np.array([-0.0, 0.0], np.float32)
    keys = keys_of(np.zeros(2, np.int64), scores, np.array([4, 4]))
    assert keys[0] == keys[1]


def test_the_best_keys_of_each_row_with_what_was_found_before():
    row = np.array([2, 0, 2, 2, 0])
    score = np.array([1, 5, 3, 3, 9], np.float32)
    column = np.array([0, 1, 8, 6, 3])
    first = best_of_keys(keys_of(row, score, column), nothing(3, 2))
    assert columns_of(first[[0, 2]]).tolist() == [[3, 1], [6, 8]]
    assert (first[1] == NO_KEY).all()
    more = keys_of(np.array([0, 1]), np.array([7, -1], np.float32), np.array([2, 5]))
    second = best_of_keys(more, first)
    assert columns_of(second[0]).tolist() == [3, 2]
    assert scores_of(second[2]).tolist() == [3, 3]
    assert columns_of(second[1])[0] == 5
    assert second[1, 1] == NO_KEY


def test_no_keys_leave_what_was_found():
    found = best_of_keys(np.empty(0, np.uint64), nothing(2, 3))
    assert found.shape == (2, 3)
    assert (found == NO_KEY).all()
