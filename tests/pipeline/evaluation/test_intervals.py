from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation import intervals as module
from pipeline.evaluation.intervals import Interval, estimates, intervals, paired_difference


def test_the_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(0).normal(3, 2, (4000, 1))
    (found,) = intervals(values, seed=1, resamples=2000)
    half = 1.96 * values.std() / np.sqrt(4000)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_about_95_of_100_intervals_hold_the_true_mean():
    random = np.random.default_rng(4)
    columns = random.exponential(1.0, (300, 200))  # 200 experiments of 300 users
    held = sum(found.low <= 1 <= found.high for found in intervals(columns, seed=0))
    assert 0.88 * 200 <= held <= 0.99 * 200


def test_values_that_are_all_equal_give_a_point():
    assert intervals(np.full((7, 2), 0.25), seed=0) == [Interval(0.25, 0.25, 0.25)] * 2


def test_two_users_give_a_quarter_each_at_the_ends():
    (found,) = intervals(np.array([[0.0], [1.0]]), seed=0)
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)


def test_no_users_give_nan():
    found = intervals(np.empty((0, 3)), seed=0)
    assert len(found) == 3
    assert all(np.isnan([i.mean, i.low, i.high]).all() for i in found)


def test_the_seed_alone_decides_not_the_size_of_a_batch(monkeypatch):
    values = np.random.default_rng(0).random((50, 2))
    whole = intervals(values, seed=3)
    assert whole == intervals(values, seed=3)
    assert whole != intervals(values, seed=4)
    monkeypatch.setattr(module, "_BATCH_BYTES", 8 * 50 * 7)
    for a, b in zip(intervals(values, seed=3), whole, strict=True):
        np.testing.assert_allclose([a.low, a.high], [b.low, b.high], rtol=1e-12)


def test_a_paired_difference_is_surer_than_two_intervals():
    random = np.random.default_rng(0)
    base = random.random(2000)
    better = base + 0.01 + random.normal(0, 0.02, 2000)
    first, second = intervals(np.stack([better, base], axis=1), seed=0)
    assert first.overlaps(second)
    difference = paired_difference(better, base, seed=0)
    assert difference.mean == pytest.approx(0.01, abs=0.002)
    assert difference.low > 0
    assert paired_difference(base, base, seed=0) == Interval(0, 0, 0)


def test_other_users_cannot_be_paired():
    with pytest.raises(ValueError, match="3 and 2 users"):
        paired_difference(np.zeros(3), np.zeros(2), seed=0)


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_mean_and_lies_within_the_values(values):
    (found,) = intervals(np.array(values)[:, None], seed=0, resamples=200)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("other", "touch"), [((2, 1, 3), True), ((0, -1, 1), False), ((9, 6, 10), False)]
)
def test_overlaps(other, touch):
    one = Interval(4, 2, 5)
    assert one.overlaps(Interval(*other)) is touch
    assert Interval(*other).overlaps(one) is touch


def test_a_column_of_some_users_is_their_mean_and_interval():
    """Two slices in one array have the means of their own users; the draws are shared."""
    values = np.random.default_rng(0).normal(3, 2, (2000, 3))
    values[:1200, 1] = np.nan
    values[500:, 2] = np.nan
    whole, tail, head = estimates(values, seed=1)
    assert (whole.n_users, tail.n_users, head.n_users) == (2000, 800, 500)
    assert tail.mean == pytest.approx(values[1200:, 1].mean())
    for part, users in ((tail, values[1200:, 1]), (head, values[:500, 2])):
        half = 1.96 * users.std() / np.sqrt(len(users))
        assert part.interval.low == pytest.approx(part.mean - half, abs=0.15 * half)
        assert part.interval.high == pytest.approx(part.mean + half, abs=0.15 * half)
    alone = estimates(values[:, :1], seed=1)[0]
    np.testing.assert_allclose(alone.samples, whole.samples)


def test_a_column_of_nobody_is_unknown_and_one_of_one_user_is_a_point():
    values = np.array([[np.nan, 0.25], [np.nan, np.nan], [np.nan, np.nan]])
    nobody, one = estimates(values, seed=0, resamples=50)
    assert nobody.n_users == 0
    assert np.isnan([nobody.interval.mean, nobody.interval.low, nobody.interval.high]).all()
    assert one.interval == Interval(0.25, 0.25, 0.25)
    assert np.isnan(one.samples).any()  # draws without that user


def test_estimates_are_compared_by_pairs():
    random = np.random.default_rng(0)
    a = random.normal(5, 1, 500)
    values = np.stack([a + 0.1 + 0.01 * random.normal(size=500), a], axis=1)
    better, base = estimates(values, seed=2)
    wanted = paired_difference(values[:, 0], values[:, 1], seed=2)
    found = better.above(base)
    np.testing.assert_allclose(
        [found.mean, found.low, found.high], [wanted.mean, wanted.low, wanted.high]
    )
    assert found.low > 0
    assert better.interval.overlaps(base.interval)  # unpaired, they could not be told apart
    assert base.above(better).high < 0


def test_estimates_of_other_users_are_not_compared():
    values = np.array([[0.5, np.nan], [0.5, 0.5]])
    whole, part = estimates(values, seed=0)
    with pytest.raises(ValueError, match="cannot be paired"):
        whole.above(part)
