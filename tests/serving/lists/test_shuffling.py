import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.lists.shuffling import MAX_SEED, shuffled

SEEDS = st.integers(0, MAX_SEED)


@settings(deadline=None)
@given(n=st.integers(1, 3000), seed=SEEDS)
def test_every_place_has_its_own(n, seed):
    assert sorted(shuffled(np.arange(n), n, seed).tolist()) == list(range(n))


@settings(deadline=None)
@given(n=st.integers(1, 40_000), seed=SEEDS, data=st.data())
def test_a_place_holds_the_same_however_it_is_asked(n, seed, data):
    places = np.asarray(data.draw(st.lists(st.integers(0, n - 1), max_size=20)), np.int64)
    alone = [shuffled(np.asarray([place]), n, seed)[0] for place in places]
    assert shuffled(places, n, seed).tolist() == alone


@pytest.mark.parametrize("n", [2, 5, 40, 1000])
def test_all_are_as_often_first(n):
    n_seeds = 200 * min(n, 40)
    firsts = [int(shuffled(np.arange(1), n, seed)[0]) for seed in range(n_seeds)]
    n_bins = min(n, 40)
    counts = np.bincount(np.asarray(firsts) * n_bins // n, minlength=n_bins)
    assert chi_squared(counts) < most(n_bins)


def test_a_favourite_would_be_seen():
    assert chi_squared(np.asarray([200] * 39 + [400])) > most(40)


def most(n_bins):
    """Five standard deviations above the mean of chi squared."""
    return n_bins + 5 * np.sqrt(2 * n_bins)


def chi_squared(counts):
    mean = counts.mean()
    return float(((counts - mean) ** 2 / mean).sum())


def test_seeds_give_other_orders():
    orders = {tuple(shuffled(np.arange(10), 1000, seed).tolist()) for seed in range(300)}
    assert len(orders) == 300
