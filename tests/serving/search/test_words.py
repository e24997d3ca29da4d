import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.search.words import features_of, normalised


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  The RED  boat! ", "the red boat"),
        ("Don't—stop", "don t stop"),
        ("Café Crème", "cafe creme"),
        ("Straße", "strasse"),
        ("Łódź, Øre, Æon", "lodz ore aeon"),
        ("\uff46\uff55\uff4c\uff4c\u3000\uff57", "full w"),
        ("黒猫の夢", "黒 猫 の 夢"),
        ("が", "が"),
        ("قِطّة", "قطة"),
        ("a\u200bb\ufe0f", "ab"),
        ("???", "???"),
        ("", ""),
        ("\0", ""),
    ],
)
def test_one_form_for_what_people_would_call_the_same(text, form):
    assert normalised(text) == form


@given(st.text())
def test_a_form_is_its_own_form(text):
    form = normalised(text)
    assert normalised(form) == form


@given(st.text())
def test_a_form_has_single_spaces_and_no_null(text):
    form = normalised(text)
    assert form.split() == form.split(" ") or not form
    assert "\0" not in form


WORDS = st.text(alphabet="abcdefgh", min_size=3, max_size=12)


@given(WORDS, st.data())
def test_a_short_word_with_one_letter_less_is_found_by_the_whole(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(features_of(word)) & set(features_of(word[:place] + word[place + 1 :]))


def test_words_with_nothing_in_common_share_no_feature():
    assert not set(features_of("abcdef")) & set(features_of("uvwxyz"))


def test_a_word_without_end_has_no_more_features_than_a_long_one():
    assert len(features_of("x" * 10_000)) == len(features_of("x" * 40)) == 40
