from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.exposure import coverage, gini, novelty, popular_items, popular_share


def lists(*rows):
    return np.array(rows, np.int32)


def test_coverage_by_hand():
    assert coverage(lists([1, 2, 3], [2, 1, -1]), 10, 2) == 0.2
    assert coverage(lists([1, 2, 3], [2, 1, -1]), 10, 3) == 0.3
    assert np.isnan(coverage(lists([1]), 0, 1))


def test_popular_items_are_a_tenth_of_the_liked_ones_rounded_up():
    counts = np.array([0, 5, 7, 5, 1, *[1] * 7, 0, 0], np.float32)  # 11 liked items
    assert popular_items(counts).tolist() == [2, 1]
    assert popular_items(np.zeros(4, np.float32)).tolist() == []


def test_popular_share_counts_filled_places():
    popular = np.array([7], np.int32)
    assert popular_share(lists([7, 1, 2], [7, -1, -1]), popular, 3) == 2 / 4
    assert popular_share(lists([7, 1, 2], [7, -1, -1]), popular, 1) == 1
    assert np.isnan(popular_share(lists([-1]), popular, 1))


def test_gini_by_hand():
    # Counts 0, 0, 1, 3: (-3*0 - 1*0 + 1*1 + 3*3) / (4 * 4).
    listed = lists([2, 3], [3, -1], [3, -1])
    assert gini(listed, 4, 2) == pytest.approx(10 / 16)
    assert gini(lists([0, 1], [2, 3]), 4, 2) == 0
    assert gini(lists([0, 1], [2, 3]), 4, 1) == pytest.approx(0.5)  # 1, 0, 1, 0
    assert gini(lists([5]), 6, 1) == pytest.approx(1 - 1 / 6)
    assert np.isnan(gini(lists([-1]), 6, 1))


def slow_gini(counts):
    differences = sum(abs(a - b) for a in counts for b in counts)
    return differences / (2 * len(counts) * sum(counts))


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_relative_mean_difference(counts):
    listed = np.repeat(np.arange(len(counts)), counts)[:, None].astype(np.int32)
    assert gini(listed, len(counts), 1) == pytest.approx(slow_gini(counts))
    assert 0 <= gini(listed, len(counts), 1) < 1


def test_an_item_that_is_never_listed_makes_exposure_less_even():
    listed = lists([0, 1], [1, 0])
    assert gini(listed, 2, 2) == 0
    assert gini(listed, 3, 2) == pytest.approx(1 / 3)


def test_novelty_by_hand():
    likes = np.array([8, 4, 1, 0])  # of 8 users: 0, 1, 3 bits; nobody's counts as one's
    assert novelty(lists([0, 1], [2, 3]), likes, 8, 2) == pytest.approx((0.5 + 3) / 2)
    assert novelty(lists([0, 1], [2, 3]), likes, 8, 1) == pytest.approx((0 + 3) / 2)
    assert novelty(lists([2, -1], [-1, -1]), likes, 8, 2) == 3
    assert np.isnan(novelty(lists([-1]), likes, 8, 1))


@settings(max_examples=100, deadline=None)
@given(likes=st.lists(st.integers(1, 50), min_size=4, max_size=9), place=st.integers(0, 3))
def test_an_item_that_more_people_like_is_less_novel(likes, place):
    listed = lists([0, 1, 2, 3])
    before = novelty(listed, np.array(likes), 60, 4)
    likes[place] += 5
    assert novelty(listed, np.array(likes), 60, 4) < before
