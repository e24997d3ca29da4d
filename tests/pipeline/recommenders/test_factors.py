from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from pipeline.recommenders.factors import FactorsFitted, UnbiasedFitted
from pipeline.recommenders.topk import top_k

USERS = np.array([[1, 0], [0, 0], [-1, 2]], np.float32)
ITEMS = np.array([[1, 1], [3, 0], [0, 0], [0, 2]], np.float32)


def model(kind, biases):
    return kind(
        user_factors=USERS,
        user_biases=np.array([10, 20, 30], np.float32) * biases,
        item_factors=ITEMS,
        item_biases=np.array([0, -2.5, 1.5, 0], np.float32) * biases,
        learned=np.array([0, 1, 3], np.int32),
    )


def test_scores_are_products_plus_both_biases():
    lists = model(FactorsFitted, 1).user_lists(np.array([0, 1], np.int32), 4)
    assert lists.item_idxs.tolist() == [[0, 1, 3, -1], [0, 3, 1, -1]]
    np.testing.assert_array_equal(lists.scores, [[11, 10.5, 10, np.nan], [20, 20, 17.5, np.nan]])


def test_without_biases_who_has_no_factors_gets_nothing():
    lists = model(UnbiasedFitted, 0).user_lists(np.array([1, 2, 1], np.int32), 2)
    assert lists.item_idxs.tolist() == [[-1, -1], [3, 0], [-1, -1]]
    np.testing.assert_array_equal(lists.scores[1], [4, 1])
    twin = model(FactorsFitted, 0).user_lists(np.array([1], np.int32), 2)
    assert twin.item_idxs.tolist() == [[0, 1]]


@pytest.mark.parametrize("kind", [FactorsFitted, UnbiasedFitted])
def test_lists_are_the_best_of_what_the_scorer_gives(kind):
    random = np.random.default_rng(0)
    users, items = (random.integers(-9, 10, (n, 8)).astype(np.float32) for n in (300, 900))
    users[17] = 0
    is_biased = np.float32(kind is FactorsFitted)
    biases = [random.integers(-9, 10, n).astype(np.float32) * is_biased for n in (300, 900)]
    learned = np.flatnonzero(random.random(900) < 0.9).astype(np.int32)
    fitted = kind(users, biases[0], items, biases[1], learned)
    seen = csr_matrix(random_array((300, 900), density=0.05, format="csr", rng=0))
    asked = random.permutation(300).astype(np.int32)[:270]
    allowed = learned[::2]
    found = fitted.user_lists(asked, 12, seen=seen, candidates=allowed)
    scorer = fitted.user_scorer(allowed)
    wanted = top_k(scorer, asked, 12, item_idxs=allowed, n_items=900, hidden=seen)
    np.testing.assert_array_equal(found.item_idxs, wanted.item_idxs)
    np.testing.assert_array_equal(found.scores, wanted.scores)
