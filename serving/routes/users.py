"""Recommendations for people, who are known by pseudonyms only."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from serving.answers.items import RecommendationsAnswer
from serving.caching import answered
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.lists.answering import recommendations_body
from serving.lists.query import RecommendationsQuery
from serving.routes.common import documented, snapshot_of
from serving.routes.queries import described, query_of, segment_of
from serving.routing import QueryRoute

__all__ = ["build_router"]

_USER_ID: Final = "Pseudonym of a person: 32 hex digits."


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one person; no cache may keep their answers."""
    router = APIRouter(tags=["users"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/users/{user_id}/recommendations",
        responses=documented(RecommendationsAnswer, "Recommendations.", problems=(404, 409, 422)),
        openapi_extra=described(RecommendationsQuery, user_id=_USER_ID),
    )
    async def recommendations(request: Request) -> Response:
        """List the items that one person may like, none that they like already."""
        snapshot = snapshot_of(catalog, segment_of(request, "site"))
        user_id = segment_of(request, "user_id")
        row = snapshot.users.get(user_id)
        if row is None:
            raise ApiProblemError(
                404, f"{snapshot.site.site} has no such user.", kind="unknown-user"
            )
        query = query_of(request, RecommendationsQuery)
        body = recommendations_body
        count = request.app.state.metrics.listed
        return answered(
            request, snapshot, lambda: body(snapshot, user_id, row, query, count), private=True
        )

    return router
