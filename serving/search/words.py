"""One form for texts that people would call the same, and what a word is known by."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from zlib import crc32

__all__ = ["features_of", "normalised"]

_MAX_WORD: Final = 40
_MAX_LEFT_OUT: Final = 12
_PUNCTUATION: Final = str.maketrans(
    {chr(code): " " for code in range(128) if not chr(code).isalnum()}
)
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ħ": "h",
    }
)
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_FIRST_ACCENT_CLASS: Final = 10


def normalised(text: str) -> str:
    """Words of a text, lower-case, without accents and punctuation, one space apart.

    NFKC and case folding first.  Marks that writers leave out (accents, Hebrew points, Arabic
    vowels) are dropped, those that make another letter (dakuten, nukta, matras) are kept.  Han
    and kana, which are written without spaces, become a word a character.  A text of nothing
    but punctuation stays as it is.
    """
    if not text:
        return ""
    if text.isascii():
        folded = text.lower()
        words = folded.translate(_PUNCTUATION).split()
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
        words = _without_accents(folded).split()
    return " ".join(words) if words else " ".join(folded.replace("\0", " ").split())


def _without_accents(folded: str) -> str:
    parts = unicodedata.normalize("NFD", folded)
    plain = "".join(
        char for char in parts if unicodedata.combining(char) < _FIRST_ACCENT_CLASS
    ).translate(_LETTERS)
    composed = unicodedata.normalize("NFC", plain)
    return _UNSPACED.sub(r" \g<0> ", "".join(map(_letter, composed)))


def _letter(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LN" or category in {"Mn", "Mc", "So"}:
        return "" if "\ufe00" <= char <= "\ufe0f" else char
    return "" if category == "Cf" else " "


def features_of(word: str) -> list[int]:
    """Hashes that a normalised word is found by: its trigrams, and itself less one letter.

    Trigrams find long words with a fault and parts of words.  A short word with one fault may
    have no trigram in common with the right one, but always a form with one letter left out.
    """
    word = word[:_MAX_WORD]
    padded = f" {word} "
    parts = [padded[start : start + 3] for start in range(len(word))]
    if len(word) <= _MAX_LEFT_OUT:
        left_out = {word[:place] + word[place + 1 :] for place in range(len(word))}
        parts += [f"-{form}" for form in (word, *left_out)]
    return [crc32(part.encode()) for part in parts]
