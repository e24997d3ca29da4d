"""Items and what is like them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from serving.answers.items import ItemAnswer, SimilarAnswer
from serving.caching import answered
from serving.catalog import Catalog
from serving.encoding import encoded_item
from serving.lists.answering import similar_body
from serving.lists.query import SimilarQuery
from serving.routes.common import documented, item_idx_of, snapshot_of
from serving.routes.queries import described, query_of, segment_of
from serving.routing import QueryRoute

__all__ = ["build_router"]

_ITEM_ID: Final = "The site's opaque id of the item, percent-encoded (a slash as %2F)."


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one item."""
    router = APIRouter(tags=["items"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/items/{item_id}",
        responses=documented(ItemAnswer, "The item.", problems=(404, 422)),
        openapi_extra=described(item_id=_ITEM_ID),
    )
    async def item(request: Request) -> Response:
        """Describe one item."""
        snapshot = snapshot_of(catalog, segment_of(request, "site"))
        item_idx = item_idx_of(snapshot, segment_of(request, "item_id"))
        return answered(request, snapshot, lambda: encoded_item(snapshot, item_idx))

    @router.get(
        "/v1/{site}/items/{item_id}/similar",
        responses=documented(SimilarAnswer, "Similar items.", problems=(404, 409, 422)),
        openapi_extra=described(SimilarQuery, item_id=_ITEM_ID),
    )
    async def similar(request: Request) -> Response:
        """List the items most like one item."""
        snapshot = snapshot_of(catalog, segment_of(request, "site"))
        item_id = segment_of(request, "item_id")
        row = item_idx_of(snapshot, item_id)
        query = query_of(request, SimilarQuery)
        count = request.app.state.metrics.listed
        return answered(
            request, snapshot, lambda: similar_body(snapshot, item_id, row, query, count)
        )

    return router
