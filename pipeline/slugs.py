"""Names as they stand in urls; standard library only, so that doors may use it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["slug"]

_WORD: Final = re.compile(r"[^\W_]+")
_FIRST_ACCENT_CLASS: Final = 10
_VARIANTS: Final = ("\ufe00", "\ufe0f")  # how a sign is drawn, not which one it is


def slug(name: str) -> str:
    """The name as it stands in urls: letters and digits of any script, joined by ``-``.

    Signs that make another word of a letter (vowels of Indic scripts, viramas) belong to it; those
    that writers leave out (Hebrew points, Arabic vowels, accents that no letter has built in) are
    dropped.  A name with neither letter nor digit gives its code points in hex, so that no two such
    names meet.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = _WORD.findall(folded) if folded.isascii() else _words(folded)
    return "-".join(words) or "-".join(f"u{ord(letter):04x}" for letter in folded)


def _words(folded: str) -> list[str]:
    found = "".join(map(_letter, folded)).split()
    return [word for word in found if _WORD.search(word)]


def _letter(char: str) -> str:
    """What a slug has of a character: itself, nothing, or a space that ends a word."""
    category = unicodedata.category(char)
    if category[0] in "LN":
        return char
    if category[0] != "M":
        return " "
    is_variant = _VARIANTS[0] <= char <= _VARIANTS[1]
    belongs = unicodedata.combining(char) < _FIRST_ACCENT_CLASS and category != "Me"
    return char if belongs and not is_variant else ""
