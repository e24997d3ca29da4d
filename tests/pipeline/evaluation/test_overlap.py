from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation import overlap as module
from pipeline.evaluation.overlap import list_overlap


def lists(*rows):
    return np.array(rows, np.int32)


def test_overlap_by_hand():
    a, b = lists([1, 2, 3], [4, 5, -1]), lists([3, 1, 9], [5, -1, -1])
    assert list_overlap(a, b, 3) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert list_overlap(a, b, 1) == 0
    assert list_overlap(a, b, 2) == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_short_lists_that_are_equal_share_all_and_empty_ones_are_left_out():
    a, b = lists([4, -1], [-1, -1]), lists([4, -1], [-1, -1])
    assert list_overlap(a, b, 2) == 1
    assert list_overlap(a, lists([4, 7], [-1, -1]), 2) == 0.5
    assert np.isnan(list_overlap(a[1:], b[1:], 2))
    assert np.isnan(list_overlap(a[:0], b[:0], 2))


ROWS = st.lists(st.permutations(range(7)), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, k=st.integers(1, 6), seed=st.integers(0, 9))
def test_it_equals_its_definition_is_symmetric_and_knows_no_order(rows, k, seed):
    a = lists(*rows)
    b = np.random.default_rng(seed).permuted(a, axis=1)
    wanted = np.mean([len({*x[:k]} & {*y[:k]}) / k for x, y in zip(a, b, strict=True)])
    assert list_overlap(a, b, k) == pytest.approx(wanted)
    assert list_overlap(a, b, k) == list_overlap(b, a, k)
    assert list_overlap(a, b, 7) == list_overlap(a, a, k) == 1


def test_chunks_change_nothing(monkeypatch):
    random = np.random.default_rng(0)
    a, b = (random.permuted(np.tile(np.arange(9), (50, 1)), axis=1).astype(np.int32) for _ in "ab")
    whole = list_overlap(a, b, 4)
    monkeypatch.setattr(module, "_CHUNK_ROWS", 7)
    assert list_overlap(a, b, 4) == whole


@pytest.mark.parametrize("k", [0, 3])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match="allow 1 to as many"):
        list_overlap(lists([1, 2]), lists([1, 2, 3]), k)


def test_other_users_are_refused():
    with pytest.raises(ValueError, match="1 and of 2 users"):
        list_overlap(lists([1]), lists([1], [2]), 1)
