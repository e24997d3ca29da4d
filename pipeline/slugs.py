"""Names as they stand in urls; standard library only, so that doors may use it."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["slug"]


def slug(name: str) -> str:
    """The name as it stands in urls: letters and digits of any script, joined by ``-``.

    A name with neither gives its code points in hex, so that no two such names meet.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    words = re.findall(r"[^\W_]+", folded)
    return "-".join(words) or "-".join(f"u{ord(letter):04x}" for letter in folded)
