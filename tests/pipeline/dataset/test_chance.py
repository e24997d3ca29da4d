import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from pipeline.dataset.chance import plausible_shares

COUNT = st.integers(1, 60)


@given(st.data(), COUNT, COUNT, st.sampled_from([1e-5, 1e-2, 0.2]))
def test_shares_are_the_quantiles_of_the_predictive_distribution(data, n, n_next, chance):
    hits = data.draw(st.integers(0, n))
    low, high = plausible_shares(hits / n, n, n_next, chance=chance)
    expected = betabinom(n_next, 1 + hits, 1 + n - hits)
    # a tail as small as the chance may round to either side of it
    assert expected.cdf(round(low * n_next) - 1) <= chance * (1 + 1e-6)
    assert expected.cdf(round(low * n_next)) >= chance * (1 - 1e-6)
    assert expected.sf(round(high * n_next)) <= chance * (1 + 1e-6)
    assert expected.sf(round(high * n_next) - 1) >= chance * (1 - 1e-6)


@pytest.mark.parametrize("rows", [2_000, 10**8])
def test_many_rows_are_as_good_as_a_thousand(rows):
    assert plausible_shares(0.3, rows, rows, chance=1e-5) == plausible_shares(
        0.3, 1_000, 1_000, chance=1e-5
    )


def test_few_rows_may_be_anything():
    assert plausible_shares(1.0, 1, 1, chance=1e-5) == (0.0, 1.0)


def test_many_rows_are_what_they_were():
    low, high = plausible_shares(0.5, 1_000, 1_000, chance=1e-5)
    assert 0.38 < low < 0.42
    assert 0.58 < high < 0.62
