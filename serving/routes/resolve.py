"""Pasted links."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.answers.browse import ResolveAnswer
from serving.browsing import resolved_body
from serving.caching import answered
from serving.catalog import Catalog
from serving.resolving import MAX_LINK_LENGTH
from serving.routes.common import Site, documented, snapshot_of
from serving.routing import QueryRoute

__all__ = ["build_router"]


class ResolveQuery(BaseModel):
    """What was pasted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        min_length=1,
        max_length=MAX_LINK_LENGTH,
        description="A link to an item in any form of the site, or its id; it is never fetched.",
    )


def build_router(catalog: Catalog) -> APIRouter:
    """Route about links."""
    router = APIRouter(tags=["items"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/resolve",
        responses=documented(ResolveAnswer, "The item.", problems=(404, 422)),
    )
    async def resolve(
        request: Request, site: Site, query: Annotated[ResolveQuery, Query()]
    ) -> Response:
        """Tell which item a link or a bare id names."""
        snapshot = snapshot_of(catalog, site)
        return answered(request, snapshot, lambda: resolved_body(snapshot, query.url))

    return router
