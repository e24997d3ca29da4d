"""Where one starts: all sites, and the home of each with its shelves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.pages.cards import cards_of
from serving.pages.groups import top_tags
from serving.pages.handful import handful
from serving.pages.links import site_url
from serving.pages.shelves import ORDERS, Shelf, group_shelf, order_shelf, random_shelf
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_N_TAGS: Final = 24
_N_TAG_SHELVES: Final = 4
_N_MOSAIC: Final = 6


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
    """All sites, each with its most liked pictures; where there is but one, its home."""
    snapshots = website.catalog.snapshots
    if len(snapshots) == 1:
        return RedirectResponse(site_url(*snapshots), headers={"Cache-Control": "no-store"})
    shelves = {name: order_shelf(snapshot, "popular") for name, snapshot in snapshots.items()}
    context = {"canonical": "/", "shelves": shelves}
    sites = [snapshot.site for snapshot in snapshots.values()]
    return website.bare_page(request, "start.html", context, pictured=sites)


def _home(snapshot: Snapshot) -> dict[str, Any]:
    n_tag_shelves = min(_N_TAG_SHELVES, len(snapshot.groups["tag"].slugs))
    orders = [order_shelf(snapshot, order) for order in ORDERS]
    return {
        "canonical": site_url(snapshot.site.site),
        "shelves": _filled([*orders, random_shelf(snapshot)]),
        "mosaic": cards_of(snapshot.site, handful(snapshot, (), _N_MOSAIC)),
        "tags": top_tags(snapshot, _N_TAGS),
        "tag_shelves": _filled([group_shelf(snapshot, "tag", row) for row in range(n_tag_shelves)]),
    }


def _filled(shelves: Sequence[Shelf]) -> list[Shelf]:
    return [shelf for shelf in shelves if shelf.cards]
