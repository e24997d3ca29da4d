from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix, random_array

from pipeline.errors import FitError
from pipeline.recommenders import topk
from pipeline.recommenders.topk import CHUNK_ROWS, best_of_rows, empty_lists, top_k

FEW_VALUES = st.sampled_from([-np.inf, -2.0, 0.0, 0.5, 1.0, 7.0])
MATRICES = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=60), elements=FEW_VALUES
)


def slow_best(scores, k):
    """The answer by sorting every row whole."""
    found = np.full((len(scores), k), -1, np.int32)
    values = np.full((len(scores), k), np.nan, np.float32)
    for row, line in enumerate(scores):
        order = [c for c in np.lexsort((np.arange(len(line)), -line)) if np.isfinite(line[c])][:k]
        found[row, : len(order)] = order
        values[row, : len(order)] = line[order]
    return found, values


@settings(max_examples=150, deadline=None)
@given(scores=MATRICES, k=st.integers(1, 20))
def test_best_of_rows_is_exact_and_breaks_ties_by_lower_column(scores, k):
    found, values = best_of_rows(scores.copy(), k)
    wanted, wanted_values = slow_best(scores, k)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(values, wanted_values)


@pytest.mark.parametrize("k", [1, 3, 50, 51, 200])
@pytest.mark.parametrize("n", [40, 300])
def test_best_of_rows_is_exact_where_blocks_drop_columns(n, k):
    random = np.random.default_rng(1)
    scores = random.normal(size=(n, 3001)).astype(np.float32)
    scores[-1] -= 100  # none above 0
    scores[:10] = np.round(scores[:10])  # many equal ones
    scores[10:12] = 1.0  # all equal: the slow path of ties
    scores[12, 5:] = -np.inf
    scores[13] = -np.inf
    scores[14, :2000] -= 50  # the best stand together
    scores[15, 2000:] -= 50
    scores[16, :2950] = -np.inf
    scores[17, 50:] = -np.inf
    found, values = best_of_rows(scores.copy(), k)
    wanted, wanted_values = slow_best(scores, k)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(values, wanted_values)


@pytest.mark.parametrize(("n_columns", "k"), [(0, 0), (0, 3), (4, 0)])
def test_best_of_rows_without_columns_or_places_is_empty(n_columns, k):
    found, values = best_of_rows(np.zeros((2, n_columns), np.float32), k)
    assert found.tolist() == [[-1] * k] * 2
    assert values.shape == (2, k)
    assert np.isnan(values).all()


def test_the_brute_force_comparison_can_fail(monkeypatch):
    survivors = topk._survivors

    def some(scores, k):
        row, column = survivors(scores, k)
        return row[1:], column[1:]

    scores = np.random.default_rng(0).normal(size=(1, 3000)).astype(np.float32)
    assert best_of_rows(scores, 2000)[0].tolist() == slow_best(scores, 2000)[0].tolist()
    monkeypatch.setattr(topk, "_survivors", some)
    assert best_of_rows(scores, 2000)[0].tolist() != slow_best(scores, 2000)[0].tolist()


def test_more_columns_than_a_key_tells_apart_are_refused(monkeypatch):
    monkeypatch.setattr(topk, "KEY_COLUMNS", 4)
    with pytest.raises(ValueError, match="5 columns are too many; 4"):
        best_of_rows(np.zeros((1, 5), np.float32), 1)


@pytest.mark.parametrize("n_columns", [3, 3000])
@pytest.mark.parametrize("k", [1, 5, 60])
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_no_score_is_refused(odd, k, n_columns):
    scores = np.zeros((70, n_columns), np.float32) + np.arange(n_columns, dtype=np.float32)
    best_of_rows(scores.copy(), k)
    scores[66, 1] = odd
    with pytest.raises(FitError, match="finite or -inf"):
        best_of_rows(scores.copy(), k)
    with pytest.raises(FitError, match="finite or -inf"):
        top_k(
            lambda rows: scores[rows],
            np.arange(70, dtype=np.int32),
            k,
            item_idxs=np.arange(n_columns, dtype=np.int32),
            n_items=n_columns,
            threads=2,
        )


@pytest.mark.parametrize("k", [5, 60])
def test_infinity_is_refused_wherever_it_stands(k):
    for column in range(330):
        scores = np.zeros((1, 330), np.float32)
        scores[0, column] = np.inf
        with pytest.raises(FitError):
            best_of_rows(scores, k)


def factors(n_users=600, n_items=333, seed=0):
    random = np.random.default_rng(seed)
    users = random.integers(-3, 4, (n_users, 5)).astype(np.float32)
    items = random.integers(-3, 4, (n_items, 5)).astype(np.float32)
    seen = csr_matrix(random_array((n_users, n_items), density=0.1, format="csr", rng=seed))
    return users, items, seen


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("k", [1, 10, 400])
def test_top_k_equals_sorting_the_whole_matrix(k, threads):
    users, items, seen = factors()
    lists = top_k(
        lambda rows: users[rows] @ items.T,
        np.arange(len(users), dtype=np.int32),
        k,
        item_idxs=np.arange(len(items), dtype=np.int32),
        n_items=len(items),
        hidden=seen,
        threads=threads,
    )
    scores = users @ items.T
    scores[seen.nonzero()] = -np.inf
    wanted, wanted_scores = slow_best(scores, k)
    np.testing.assert_array_equal(lists.item_idxs, wanted)
    np.testing.assert_array_equal(lists.scores, wanted_scores)


def test_top_k_of_some_rows_and_some_items():
    users, items, seen = factors()
    rows = np.array([5, 599, 17], np.int32)
    allowed = np.array([3, 40, 41, 200, 332], np.int32)
    lists = top_k(
        lambda chunk: users[chunk] @ items[allowed].T,
        rows,
        4,
        item_idxs=allowed,
        n_items=len(items),
        hidden=seen,
    )
    scores = users @ items.T
    scores[seen.nonzero()] = -np.inf
    scores[:, np.setdiff1d(np.arange(len(items)), allowed)] = -np.inf
    np.testing.assert_array_equal(lists.item_idxs, slow_best(scores[rows], 4)[0])


def test_top_k_never_lists_an_item_beside_itself():
    _, items, _ = factors()
    rows = np.arange(len(items), dtype=np.int32)
    arguments = {"item_idxs": rows, "n_items": len(items)}

    def score(chunk):
        return items[chunk] @ items.T

    lists = top_k(score, rows, len(items), **arguments, hide_self=True)
    assert not (lists.item_idxs == rows[:, None]).any()
    twin = top_k(score, rows, len(items), **arguments)
    assert (twin.item_idxs == rows[:, None]).any(axis=1).all()


def test_lists_do_not_depend_on_threads():
    random = np.random.default_rng(3)
    users = random.normal(size=(4 * CHUNK_ROWS + 7, 16)).astype(np.float32)
    items = random.normal(size=(500, 16)).astype(np.float32)
    rows = np.arange(len(users), dtype=np.int32)
    one, two = (
        top_k(
            lambda chunk: users[chunk] @ items.T,
            rows,
            20,
            item_idxs=np.arange(500, dtype=np.int32),
            n_items=500,
            threads=threads,
        )
        for threads in (1, 2)
    )
    assert one.item_idxs.tobytes() == two.item_idxs.tobytes()
    assert one.scores.tobytes() == two.scores.tobytes()


def test_an_error_of_a_thread_is_raised():
    def broken(chunk):
        raise RuntimeError("no scores")

    with pytest.raises(RuntimeError, match="no scores"):
        top_k(
            broken,
            np.arange(3 * CHUNK_ROWS, dtype=np.int32),
            3,
            item_idxs=np.arange(4, dtype=np.int32),
            n_items=4,
            threads=2,
        )


def test_no_rows_or_no_items_give_empty_lists():
    none = np.empty(0, np.int32)

    def score(chunk):
        return np.zeros((len(chunk), 0), np.float32)

    assert len(top_k(score, none, 3, item_idxs=np.arange(2, dtype=np.int32), n_items=2)) == 0
    lists = top_k(score, np.arange(2, dtype=np.int32), 3, item_idxs=none, n_items=2)
    np.testing.assert_array_equal(lists.item_idxs, empty_lists(2, 3).item_idxs)
    assert np.isnan(lists.scores).all()
