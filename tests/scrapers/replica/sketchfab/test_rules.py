"""Like counts are written as the site writes them."""

import pytest

from scrapers.replica.sketchfab.rules import like_count_text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1099, "1k"), (1299, "1.2k"), (12_345, "12.3k"),
     (2_000_000, "2000k")],
)  # fmt: skip
def test_like_counts_are_cut_from_a_thousand_on(count, text):
    assert like_count_text(count) == text
