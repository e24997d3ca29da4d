"""A picture drawn from title and tags, for where there is none: the same for the same item."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

__all__ = ["placeholder"]

_N_CHARACTERS: Final = 22
_NO_XML: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u200d\u2010-\u2027\u2030-\u2065\u206a-\ud7ff\ue000-\ufffd"
    "\U00010000-\U0010ffff]"
)


def placeholder(initials: str, hue: int, n_hues: int, tags: Sequence[str] = ()) -> bytes:
    """SVG of the initials, on a colour of ``n_hues``, over the first tag.

    Text of others is escaped, and cleared of what XML cannot hold or what turns text around.
    """
    angle = hue * 360 // n_hues
    mark, tag = _text(initials)[:2] or "?", _text(tags[0]) if tags else ""
    if len(tag) > _N_CHARACTERS:
        tag = tag[: _N_CHARACTERS - 1].rstrip() + "…"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" width="320" height="240">'
        f'<rect width="320" height="240" fill="hsl({angle} 42% 88%)"/>'
        f'<g fill="hsl({angle} 46% 80%)"><circle cx="64" cy="276" r="104"/>'
        '<circle cx="282" cy="-18" r="84"/></g>'
        f'<g fill="hsl({angle} 48% 28%)" text-anchor="middle">'
        '<text x="160" y="138" font-family="Georgia,serif" font-size="64" font-weight="600">'
        f"{html.escape(mark)}</text>"
        '<text x="160" y="184" font-family="system-ui,sans-serif" font-size="18">'
        f"{html.escape(tag)}</text></g></svg>"
    ).encode()


def _text(crawled: str) -> str:
    return " ".join(_NO_XML.sub("", crawled).split())
