"""What a page shows of an item: text, a picture that may be shown, and where it leads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serving.answers.sites import SiteAnswer
from serving.encoding import FILLED
from serving.foreign import safe_url
from serving.pages.links import item_url, thumb_url

__all__ = ["CARD_WIDTH", "HUES", "Card", "Picture", "card_of", "cards_of", "picture_of"]

CARD_WIDTH: Final = 320
"""Pixels of a picture that a card wants."""
HUES: Final = 12
UNTITLED: Final = "Untitled"
_SQUARE: Final = 320
_LONGEST_SIDE: Final = 4096


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an item on one of the site's picture hosts; width and height in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Card:
    """An item as a page shows it.

    Attributes
    ----------
    href : its page on this website.
    picture : None where there is none that may be shown; the drawn placeholder stands below
        every picture, so one that fails to load shows it too.
    thumb : path of the same picture where this service shows it itself.
    initials, hue : what the placeholder is drawn from; the hue is below `HUES`.
    is_filled : filled in from popular items, where a model's own list ended.
    """

    item_id: str
    title: str
    creator: str | None
    license: str | None
    like_count: int
    href: str
    picture: Picture | None
    thumb: str
    tags: tuple[str, ...]
    initials: str
    hue: int
    is_filled: bool = False
    because: tuple[Mapping[str, Any], ...] | None = None


def cards_of(site: SiteAnswer, items: Sequence[Mapping[str, Any]], onward: str = "") -> list[Card]:
    """Cards of the items of an answer of the API, in its order; as `card_of`."""
    return [card_of(site, item, onward) for item in items]


def card_of(
    site: SiteAnswer,
    item: Mapping[str, Any],
    onward: str = "",
    *,
    width: int = CARD_WIDTH,
) -> Card:
    """Card of an item of an answer of the API.

    Parameters
    ----------
    onward : query that the link to its page has, with its question mark.
    width : pixels that its picture will fill.
    """
    title = (item["title"] or "").strip() or UNTITLED
    because = item.get("because")
    return Card(
        item_id=item["item_id"],
        title=title,
        creator=item["creator"],
        license=item["license"],
        like_count=item["like_count"],
        href=item_url(site.site, item["item_id"]) + onward,
        picture=picture_of(site, item["thumbnails"], width),
        thumb=thumb_url(site.site, item["item_id"], width),
        tags=tuple(item["tags"]),
        initials=_initials(title),
        hue=_hue(item["item_id"]),
        is_filled=item.get("source") == FILLED,
        because=None if because is None else tuple(because),
    )


def picture_of(
    site: SiteAnswer, thumbnails: Sequence[Mapping[str, Any]], width: int
) -> Picture | None:
    """The smallest picture that is at least so wide, else the widest one; None if none is safe."""
    widest_last = sorted(thumbnails, key=lambda one: _side(one["width"]))
    wide = (one for one in widest_last if _side(one["width"]) >= width)
    narrow = (one for one in reversed(widest_last) if _side(one["width"]) < width)
    for one in (*wide, *narrow):
        url = safe_url(one["url"], site.picture_hosts)
        if url:
            return Picture(url, _side(one["width"]), _side(one["height"]))
    return None


def _side(pixels: int | None) -> int:
    return min(pixels, _LONGEST_SIDE) if pixels and pixels > 0 else _SQUARE


def _initials(title: str) -> str:
    words = [word for word in title.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _hue(item_id: str) -> int:
    return hashlib.blake2b(item_id.encode(), digest_size=2).digest()[0] % HUES
