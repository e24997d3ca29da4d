"""Items and what is like them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.answers.items import ItemAnswer, SimilarAnswer
from serving.caching import answered
from serving.catalog import Catalog
from serving.encoding import encoded_item
from serving.lists.answering import similar_body
from serving.lists.query import Similar
from serving.routes.common import ItemId, Site, documented, item_idx_of, snapshot_of
from serving.routing import QueryRoute

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one item."""
    router = APIRouter(tags=["items"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/items/{item_id}",
        responses=documented(ItemAnswer, "The item.", problems=(404, 422)),
    )
    async def item(request: Request, site: Site, item_id: ItemId) -> Response:
        """Describe one item."""
        snapshot = snapshot_of(catalog, site)
        item_idx = item_idx_of(snapshot, item_id)
        return answered(request, snapshot, lambda: encoded_item(snapshot, item_idx))

    @router.get(
        "/v1/{site}/items/{item_id}/similar",
        responses=documented(SimilarAnswer, "Similar items.", problems=(404, 409, 422)),
    )
    async def similar(request: Request, site: Site, item_id: ItemId, query: Similar) -> Response:
        """List the items most like one item."""
        snapshot = snapshot_of(catalog, site)
        row = item_idx_of(snapshot, item_id)
        count = request.app.state.metrics.listed
        return answered(
            request, snapshot, lambda: similar_body(snapshot, item_id, row, query, count)
        )

    return router
