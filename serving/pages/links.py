"""Addresses of the website's own pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from serving.snapshot import GroupKind

__all__ = [
    "DOTS",
    "GROUP_PATHS",
    "group_url",
    "item_url",
    "page_url",
    "segment",
    "site_url",
    "taste_url",
    "thumb_url",
    "trail_text",
]

GROUP_PATHS: Final[dict[GroupKind, str]] = {
    "tag": "tags",
    "category": "categories",
    "creator": "creators",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9_~-]+")
DOTS: Final = {".": "%2E", "..": "%2E%2E"}


def segment(part: str) -> str:
    """A part of a path.

    Browsers take one or two dots for a step in the path, encoded or not: these are encoded twice,
    and `serving.pages.stored.known_id` knows them again.
    """
    return part if _PLAIN.fullmatch(part) else quote(DOTS.get(part, part), safe="")


def site_url(site: str, *segments: str, **query: str | int | Sequence[str] | None) -> str:
    """Path and query of a page of a site; members of the query that are empty are left out."""
    return page_url("/".join(("", site, *map(segment, segments))), **query)


def page_url(path: str, **query: str | int | Sequence[str] | None) -> str:
    """A path with a query; members that are empty are left out."""
    given = {name: value for name, value in query.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def item_url(site: str, item_id: str) -> str:
    """Page of an item."""
    return site_url(site, "items", item_id)


def thumb_url(site: str, item_id: str, size: int) -> str:
    """Picture of an item as this service shows it; its longer side has ``size`` pixels."""
    return f"/thumb/{site}/{segment(item_id)}/{size}"


def trail_text(trail: Sequence[str]) -> str:
    """A trail as it stands in a url: ids with commas between, commas within them encoded."""
    return ",".join(quote(item_id, safe="~!*()'@/:") for item_id in trail)


def group_url(site: str, kind: GroupKind, slug: str) -> str:
    """Page of a tag, category or creator."""
    return site_url(site, GROUP_PATHS[kind], slug)


def taste_url(site: str, picks: Sequence[tuple[str, str]]) -> str:
    """Page of a taste: whether each item is liked or not, in the order in which it was said."""
    path = site_url(site, "taste")
    return f"{path}?{urlencode(picks)}" if picks else path
