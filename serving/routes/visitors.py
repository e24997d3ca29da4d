"""Recommendations for visitors who are known by a few items alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from serving.answers.visitors import VisitorAnswer
from serving.caching import answered
from serving.catalog import Catalog
from serving.lists.visitors import Visitor, visitor_body
from serving.routes.common import Site, documented, snapshot_of

__all__ = ["build_router"]

_EXAMPLES = [{"items": [{"item_id": "item-003"}, {"item_id": "item-004", "weight": 2}], "k": 10}]


def build_router(catalog: Catalog) -> APIRouter:
    """The route for visitors; nothing of what they send is kept."""
    router = APIRouter(tags=["visitors"])

    @router.post(
        "/v1/{site}/recommendations",
        responses=documented(VisitorAnswer, "Recommendations.", problems=(404, 413, 415, 422)),
    )
    async def visitor(
        request: Request, site: Site, visitor: Annotated[Visitor, Body(examples=_EXAMPLES)]
    ) -> Response:
        """List the items that a visitor may like who likes a few items."""
        snapshot = snapshot_of(catalog, site)
        count = request.app.state.metrics.listed
        return answered(
            request, snapshot, lambda: visitor_body(snapshot, visitor, count), private=True
        )

    return router
