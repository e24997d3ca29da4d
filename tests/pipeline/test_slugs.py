"""One name in urls for all spellings of it."""

import pytest

from pipeline.slugs import slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Low Poly", "low-poly"),
        ("  a--b__c/d ", "a-b-c-d"),
        ("Café", "café"),
        ("東京タワー", "東京タワー"),
        ("\uff21\uff22", "ab"),
        ("../..", "u002e-u002e-u002f-u002e-u002e"),
        ("!!", "u0021-u0021"),
    ],
)
def test_slug(name, expected):
    assert slug(name) == expected
