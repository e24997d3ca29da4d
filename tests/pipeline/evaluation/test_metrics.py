from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from pipeline.evaluation import metrics
from pipeline.evaluation.metrics import (
    hits_of,
    map_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)

USER_METRICS = [recall_at_k, precision_at_k, ndcg_at_k, map_at_k]


def held_out(*rows, n_items=10):
    dense = np.zeros((len(rows), n_items), np.float32)
    for user, items in enumerate(rows):
        dense[user, list(items)] = 1
    return csr_matrix(dense)


def lists(*rows):
    return np.array(rows, np.int32)


# Two users: hits at ranks 1 and 3 of 3 held-out items; hit at rank 2 of 1.
LISTS = lists([4, 9, 2, 7], [0, 1, 5, -1])
HELD_OUT = held_out([2, 4, 8], [1])
D2, D3, D4 = 1 / np.log2(3), 1 / np.log2(4), 1 / np.log2(5)


def test_recall_by_hand():
    np.testing.assert_allclose(recall_at_k(LISTS, HELD_OUT, 4), [2 / 3, 1])
    np.testing.assert_allclose(recall_at_k(LISTS, HELD_OUT, 1), [1 / 3, 0])


def test_precision_by_hand_divides_short_lists_by_k_too():
    np.testing.assert_allclose(precision_at_k(LISTS, HELD_OUT, 4), [2 / 4, 1 / 4])
    np.testing.assert_allclose(precision_at_k(LISTS, HELD_OUT, 1), [1, 0])


def test_ndcg_by_hand():
    np.testing.assert_allclose(
        ndcg_at_k(LISTS, HELD_OUT, 4), [(1 + D3) / (1 + D2 + D3), D2], rtol=1e-12
    )
    np.testing.assert_allclose(ndcg_at_k(LISTS, HELD_OUT, 2), [1 / (1 + D2), D2], rtol=1e-12)


def test_map_by_hand():
    np.testing.assert_allclose(
        map_at_k(LISTS, HELD_OUT, 4), [(1 / 1 + 2 / 3) / 3, 1 / 2], rtol=1e-12
    )
    np.testing.assert_allclose(map_at_k(LISTS, HELD_OUT, 2), [1 / 2, 1 / 2], rtol=1e-12)


@pytest.mark.parametrize("metric", USER_METRICS)
def test_it_is_nan_without_held_out_items(metric):
    assert np.isnan(metric(lists([1, 2]), held_out([]), 2)).tolist() == [True]
    assert np.isnan(metric(lists([1, 2]), held_out([1]), 2)).tolist() == [False]


@pytest.mark.parametrize("metric", USER_METRICS)
def test_no_users_give_no_values(metric):
    assert metric(np.empty((0, 5), np.int32), csr_matrix((0, 9)), 5).shape == (0,)


@pytest.mark.parametrize("metric", USER_METRICS)
@pytest.mark.parametrize("k", [0, -1, 3])
def test_k_out_of_range_is_refused(metric, k):
    with pytest.raises(ValueError, match="allow 1 to as many"):
        metric(lists([1, 2]), held_out([1]), k)


def test_another_number_of_users_is_refused():
    with pytest.raises(ValueError, match="2 lists do not fit 1 users"):
        hits_of(lists([1], [2]), held_out([1]), 1)


def test_padding_is_no_hit_even_beside_the_last_item_of_the_user_before():
    relevant = held_out([9], [3])
    assert not hits_of(lists([-1, -1], [-1, 4]), relevant, 2).any()
    assert hits_of(lists([-1, 9], [-1, 3]), relevant, 2).sum() == 2


def slow_ndcg(listed, relevant, k):
    gains = [1 / np.log2(r + 2) for r, item in enumerate(listed[:k]) if item in relevant]
    ideal = [1 / np.log2(r + 2) for r in range(min(len(relevant), k))]
    return sum(gains) / sum(ideal)


def slow_map(listed, relevant, k):
    hits, total = 0, 0.0
    for rank, item in enumerate(listed[:k], start=1):
        if item in relevant:
            hits += 1
            total += hits / rank
    return total / min(len(relevant), k)


@settings(max_examples=200, deadline=None)
@given(
    listed=st.lists(st.integers(0, 9), min_size=4, max_size=10, unique=True),
    relevant=st.sets(st.integers(0, 9), min_size=1),
    k=st.integers(1, 4),
)
def test_metrics_equal_their_definitions_and_stay_in_the_unit_interval(listed, relevant, k):
    found = [float(m(lists(listed), held_out(relevant), k)[0]) for m in USER_METRICS]
    hits = len(set(listed[:k]) & relevant)
    wanted = [hits / len(relevant), hits / k, slow_ndcg(listed, relevant, k)]
    np.testing.assert_allclose(found, [*wanted, slow_map(listed, relevant, k)], atol=1e-12)
    assert all(0 <= value <= 1 + 1e-12 for value in found)


@settings(max_examples=100, deadline=None)
@given(listed=st.permutations(range(6)), relevant=st.sets(st.integers(0, 5), min_size=1))
def test_moving_a_hit_up_never_lowers_a_metric(listed, relevant):
    better = sorted(listed, key=lambda item: item not in relevant)  # stable: hits first
    for metric in USER_METRICS:
        for k in (1, 3, 6):
            before, after = metric(lists(listed, better), held_out(relevant, relevant), k)
            assert after >= before - 1e-12
    for metric in (ndcg_at_k, map_at_k, recall_at_k):
        assert metric(lists(better), held_out(relevant), 6)[0] == pytest.approx(1.0)


def test_the_comparison_of_ndcg_can_fail(monkeypatch):
    monkeypatch.setattr(metrics.np, "log2", np.log1p)
    found = ndcg_at_k(LISTS, HELD_OUT, 4)
    monkeypatch.undo()
    assert abs(found[1] - D2) > 0.01
