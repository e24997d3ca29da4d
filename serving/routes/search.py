"""Search and autocomplete."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.answers.browse import CompletionsAnswer, SearchAnswer
from serving.browsing import completions_body, search_body
from serving.caching import answered
from serving.catalog import Catalog
from serving.encoding import MAX_K
from serving.routes.browse import BrowseQuery
from serving.routes.common import Site, documented, snapshot_of
from serving.routing import QueryRoute

__all__ = ["MAX_Q_LENGTH", "build_router"]

MAX_Q_LENGTH: Final = 200
_Q = Annotated[str, Field(min_length=1, max_length=MAX_Q_LENGTH)]


class SearchQuery(BrowseQuery):
    """What is searched."""

    q: _Q = Field(description="Words of title, tags or creator, in any order and spelling.")


class CompleteQuery(BaseModel):
    """What is being typed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: _Q = Field(description="Beginning of a title, tag or creator, or of a word in it.")
    k: int = Field(10, ge=1, le=MAX_K, description="At most so many.")


def build_router(catalog: Catalog) -> APIRouter:
    """Routes that find items by words."""
    router = APIRouter(tags=["search"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/search",
        responses=documented(SearchAnswer, "What was found.", problems=(404, 409, 422)),
    )
    async def search(
        request: Request, site: Site, query: Annotated[SearchQuery, Query()]
    ) -> Response:
        """Find items by title, tags and creator; misspelt words find what they mean."""
        snapshot = snapshot_of(catalog, site)
        return answered(
            request, snapshot, lambda: search_body(snapshot, query.q, query, query.cursor)
        )

    @router.get(
        "/v1/{site}/autocomplete",
        responses=documented(CompletionsAnswer, "What it may become.", problems=(404, 422)),
    )
    async def autocomplete(
        request: Request, site: Site, query: Annotated[CompleteQuery, Query()]
    ) -> Response:
        """Complete what is being typed to tags, creators and titles."""
        snapshot = snapshot_of(catalog, site)
        return answered(request, snapshot, lambda: completions_body(snapshot, query.q, query.k))

    return router
