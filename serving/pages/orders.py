"""All items of a site in an order, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from serving.browsing import Order, order_body
from serving.lists.query import Grouped
from serving.pages.cards import cards_of
from serving.pages.links import site_url
from serving.pages.paging import PAGE_LENGTH, PageQuery, pager_of
from serving.pages.shelves import ORDERS
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]


def build_router(website: Website) -> APIRouter:
    """A page for each order that a shelf of the home shows the beginning of."""
    router = APIRouter(include_in_schema=False)
    for order in ORDERS:
        _add_route(router, website, order)
    return router


def _add_route(router: APIRouter, website: Website, order: Order) -> None:
    @router.get(f"/{{site}}/{order}", name=f"{order}_page")
    async def ordered(
        request: Request, site: Site, query: Annotated[PageQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        return website.page(
            request, snapshot, "listing.html", lambda: _context(snapshot, order, query)
        )


def _context(snapshot: Snapshot, order: Order, query: PageQuery) -> dict[str, Any]:
    site = snapshot.site.site
    name, sentence = ORDERS[order]
    answer = parsed(order_body(snapshot, order, Grouped(k=PAGE_LENGTH), query.cursor))
    return {
        "canonical": site_url(site, order),
        "name": name,
        "sentence": sentence,
        "cards": cards_of(snapshot.site, answer["items"]),
        "pager": pager_of(
            snapshot,
            query.cursor,
            answer["next_cursor"],
            lambda cursor: site_url(site, order, cursor=cursor),
        ),
        "actions": [],
    }
