"""Where one starts: all sites, and the home of each with its shelves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.browsing import group_items_body, order_body
from serving.lists.query import Grouped
from serving.pages.cards import Card, cards_of
from serving.pages.links import group_url, site_url
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["Shelf", "build_router", "shelf"]

_SHELF_LENGTH: Final = 12
_N_TAGS: Final = 24
_N_TAG_SHELVES: Final = 3


@dataclass(frozen=True, slots=True)
class Shelf:
    """A named row of cards, and the page that has more of it."""

    name: str
    sentence: str
    cards: Sequence[Card]
    href: str | None


def build_router(website: Website) -> APIRouter:
    """The start page and the home of each site."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def start(request: Request) -> Response:
        return _start(website, request)

    @router.get("/{site}")
    async def home(request: Request, site: Site) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        return website.page(request, snapshot, "home.html", lambda: _home(snapshot))

    return router


def _start(website: Website, request: Request) -> Response:
    """All sites; where there is but one, its home."""
    only = list(website.catalog.snapshots) if len(website.catalog.snapshots) == 1 else []
    if only:
        return RedirectResponse(site_url(only[0]), headers={"Cache-Control": "no-store"})
    return website.bare_page(request, "start.html", {"canonical": "/"})


def _home(snapshot: Snapshot) -> dict[str, Any]:
    site, groups = snapshot.site.site, snapshot.groups["tag"]
    n_tags = min(_N_TAGS, len(groups.slugs))
    named = list(zip(groups.slugs[:n_tags], groups.names[:n_tags], strict=True))
    shelves = [
        shelf(snapshot, "Popular", "What most people like.", order_body, "popular"),
        shelf(snapshot, "Trending", "Liked a great deal lately.", order_body, "trending"),
        shelf(snapshot, "New", "The latest arrivals.", order_body, "latest"),
    ]
    return {
        "canonical": site_url(site),
        "shelves": [one for one in shelves if one.cards],
        "tags": [(name, group_url(site, "tag", slug)) for slug, name in named],
        "tag_shelves": [_tag_shelf(snapshot, row) for row in range(min(_N_TAG_SHELVES, n_tags))],
        "surprise": site_url(site, "random"),
    }


def shelf(
    snapshot: Snapshot,
    name: str,
    sentence: str,
    body: Callable[..., bytes],
    *which: Any,  # noqa: ANN401
) -> Shelf:
    """The beginning of a list of the API under a name."""
    answer = parsed(body(snapshot, *which, Grouped(k=_SHELF_LENGTH), None))
    return Shelf(name, sentence, cards_of(snapshot.site, answer["items"]), href=None)


def _tag_shelf(snapshot: Snapshot, row: int) -> Shelf:
    groups = snapshot.groups["tag"]
    query = Grouped(k=_SHELF_LENGTH)
    answer = parsed(group_items_body(snapshot, "tag", row, query, None))
    href = group_url(snapshot.site.site, "tag", groups.slugs[row])
    return Shelf(groups.names[row], "", cards_of(snapshot.site, answer["items"]), href)
