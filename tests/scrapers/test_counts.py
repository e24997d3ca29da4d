import pytest

from scrapers.counts import Count, is_short, parse_count
from scrapers.errors import CountError


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0", 0, 0),
        ("999", 999, 999),
        ("1,234", 1234, 1234),
        (" 17 ", 17, 17),
        ("1.2k", 1200, 1299),
        ("1k", 1000, 1099),
        ("12.34K", 12340, 12349),
        ("3.1m", 3_100_000, 3_199_999),
    ],
)
def test_count_as_written_has_its_bounds(text, low, high):
    assert parse_count(text) == Count(low, high)


@pytest.mark.parametrize("text", ["", "k", "-3", "1.5", "1e9", "12 likes", "١٢", "9" * 40])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(CountError):
        parse_count(text)


@pytest.mark.parametrize(
    ("read", "announced", "short"),
    [
        (100, Count(100, 100), False),
        (98, Count(100, 100), False),  # two likes are churn
        (97, Count(100, 100), True),
        (990, Count(1000, 1000), False),  # one percent is churn
        (989, Count(1000, 1000), True),
        (1290, Count(1200, 1299), False),
        (1138, Count(1200, 1299), False),  # 1150 rounded up, less one percent
        (1137, Count(1200, 1299), True),
        (0, Count(0, 0), False),
    ],
)
def test_short_list_is_one_that_churn_and_rounding_do_not_explain(read, announced, short):
    assert is_short(read, announced) is short
