"""Several items at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.answers.browse import ItemsAnswer
from serving.browsing import items_body
from serving.caching import answered
from serving.catalog import Catalog
from serving.encoding import MAX_K
from serving.lists.query import MAX_ID_LENGTH
from serving.routes.common import Site, documented, snapshot_of
from serving.routing import QueryRoute

__all__ = ["build_router"]


class IdsQuery(BaseModel):
    """Which items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: tuple[Annotated[str, Field(max_length=MAX_ID_LENGTH)], ...] = Field(
        min_length=1, max_length=MAX_K, description="Ids of items; ids=a&ids=b."
    )


def build_router(catalog: Catalog) -> APIRouter:
    """Route about many items."""
    router = APIRouter(tags=["items"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/items",
        responses=documented(ItemsAnswer, "The items.", problems=(404, 422)),
    )
    async def items(request: Request, site: Site, query: Annotated[IdsQuery, Query()]) -> Response:
        """Describe several items; ids that are unknown are named."""
        snapshot = snapshot_of(catalog, site)
        return answered(request, snapshot, lambda: items_body(snapshot, query.ids))

    return router
