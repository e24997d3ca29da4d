"""Items and what is like them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.answers.items import ItemAnswer, SimilarAnswer
from serving.catalog import Catalog
from serving.encoding import encoded_item
from serving.routes.common import (
    JSON,
    ItemId,
    Listed,
    Site,
    documented,
    item_idx_of,
    list_body,
    snapshot_of,
)

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one item."""
    router = APIRouter(tags=["items"])

    @router.get(
        "/v1/{site}/items/{item_id}",
        responses=documented(ItemAnswer, "The item.", problems=(404, 422)),
    )
    async def item(site: Site, item_id: ItemId) -> Response:
        """Describe one item."""
        snapshot = snapshot_of(catalog, site)
        return Response(encoded_item(snapshot, item_idx_of(snapshot, item_id)), media_type=JSON)

    @router.get(
        "/v1/{site}/items/{item_id}/similar",
        responses=documented(SimilarAnswer, "Similar items.", problems=(404, 422)),
    )
    async def similar(site: Site, item_id: ItemId, query: Listed) -> Response:
        """List the items most like one item."""
        snapshot = snapshot_of(catalog, site)
        row = item_idx_of(snapshot, item_id)
        body = list_body(snapshot, "similar", ("item_id", item_id), row, query)
        return Response(body, media_type=JSON)

    return router
