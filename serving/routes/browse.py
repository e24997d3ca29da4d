"""All items of a site in an order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from serving.answers.browse import BrowseAnswer, RandomAnswer
from serving.browsing import order_body, random_body
from serving.caching import answered
from serving.catalog import Catalog
from serving.lists.query import Cursor, Grouped
from serving.lists.shuffling import MAX_SEED
from serving.routes.common import Site, documented, snapshot_of
from serving.routing import QueryRoute

__all__ = ["Browse", "BrowseQuery", "build_router"]

_PROBLEMS = (404, 409, 422)


class BrowseQuery(Grouped):
    """Items in an order, or where it goes on."""

    cursor: Cursor = None


class RandomQuery(BrowseQuery):
    """Items in a random order, or where it goes on."""

    seed: int | None = Field(
        None, ge=0, le=MAX_SEED, description="Names the order; one is chosen without it."
    )


Browse = Annotated[BrowseQuery, Query()]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes that list all items."""
    router = APIRouter(tags=["browse"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/popular",
        responses=documented(BrowseAnswer, "The most liked items.", problems=_PROBLEMS),
    )
    async def popular(request: Request, site: Site, query: Browse) -> Response:
        """List the items with the most likes first."""
        snapshot = snapshot_of(catalog, site)
        return answered(
            request, snapshot, lambda: order_body(snapshot, "popular", query, query.cursor)
        )

    @router.get(
        "/v1/{site}/trending",
        responses=documented(BrowseAnswer, "Items that are liked now.", problems=_PROBLEMS),
    )
    async def trending(request: Request, site: Site, query: Browse) -> Response:
        """List the items with the most recent likes first: a like loses half in 30 days."""
        snapshot = snapshot_of(catalog, site)
        return answered(
            request, snapshot, lambda: order_body(snapshot, "trending", query, query.cursor)
        )

    @router.get(
        "/v1/{site}/latest",
        responses=documented(BrowseAnswer, "The newest items.", problems=_PROBLEMS),
    )
    async def latest(request: Request, site: Site, query: Browse) -> Response:
        """List the items that were published last, else first seen last."""
        snapshot = snapshot_of(catalog, site)
        return answered(
            request, snapshot, lambda: order_body(snapshot, "latest", query, query.cursor)
        )

    @router.get(
        "/v1/{site}/random",
        responses=documented(RandomAnswer, "Items in a random order.", problems=_PROBLEMS),
    )
    async def random(
        request: Request, site: Site, query: Annotated[RandomQuery, Query()]
    ) -> Response:
        """List all items in a random order, none twice over all pages of one seed."""
        snapshot = snapshot_of(catalog, site)
        return answered(
            request,
            snapshot,
            lambda: random_body(snapshot, query.seed, query, query.cursor),
            private=query.seed is None,
        )

    return router
