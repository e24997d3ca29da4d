"""One name in urls for all spellings of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.slugs import slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Low Poly", "low-poly"),
        ("  a--b__c/d ", "a-b-c-d"),
        ("Café", "café"),
        ("東京タワー", "東京タワー"),
        ("\uff21\uff22", "ab"),
        ("\u0130stanbul Z\u00fcrich", "istanbul-z\u00fcrich"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),  # Hindi
        ("\u0e17\u0e48\u0e32", "\u0e17\u0e32"),  # Thai: a tone
        ("\u0628\u064e \u05d1\u05bc", "\u0628-\u05d1"),  # vowels and points
        ("1\ufe0f\u20e3 \u2764\ufe0f cat", "1-cat"),
        ("x\u0302y", "xy"),
        ("../..", "u002e-u002e-u002f-u002e-u002e"),
        ("!!", "u0021-u0021"),
    ],
)
def test_slug(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("\u0915\u0940", "\u0915\u093e"), ("\u304c", "\u304b"), ("!", "?")]
)
def test_other_words_have_other_slugs(one, other):
    assert slug(one) != slug(other)


@given(st.text(min_size=1))
def test_a_slug_is_its_own_slug_and_stands_in_a_path(name):
    found = slug(name)
    assert slug(found) == found
    assert found
    assert not {"/", " ", "?", "#", "%", "_"} & set(found)
