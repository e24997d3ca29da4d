"""Addresses of the website's own pages, and which foreign ones a page may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from serving.snapshot import GroupKind

__all__ = [
    "GROUP_PATHS",
    "group_url",
    "item_url",
    "page_url",
    "safe_url",
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
_USUAL: Final = re.compile(r"https?://([a-z0-9.-]+)(:[0-9]{1,5})?(?:/[A-Za-z0-9/_.,=?&%~+-]*)?")
DOTS: Final = {".": "%2E", "..": "%2E%2E"}
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\\]")


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


def item_url(site: str, item_id: str, trail: Sequence[str] = (), *further: str) -> str:
    """Page of an item, reached by the items of a trail, or a page below it."""
    return site_url(site, "items", item_id, *further, trail=trail_text(trail))


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


def safe_url(url: str | None, hosts: Sequence[str]) -> str | None:
    """The address if a page may hold it: http or https, and on one of the hosts; else None.

    Hosts may name a port; without one the scheme's own is meant, or any on loopback stand-ins
    whose port the site table does not tell.
    """
    usual = _USUAL.fullmatch(url or "")
    if usual:
        host, port = usual.groups()
        named = {host, host + (port or "")}
        return url if named & _lower(tuple(hosts)) else None
    if not url or _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        named = {parts.netloc.lower(), (parts.hostname or "").lower()}
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc:
        return None
    return url if named & _lower(tuple(hosts)) else None


@lru_cache(maxsize=64)
def _lower(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(host.lower() for host in hosts)
