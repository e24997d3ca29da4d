"""Recommendations for people, who are known by pseudonyms only."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.answers.items import RecommendationsAnswer
from serving.caching import answered
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.lists.answering import recommendations_body
from serving.lists.query import Recommended
from serving.routes.common import Site, UserId, documented, snapshot_of
from serving.routing import QueryRoute

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one person; no cache may keep their answers."""
    router = APIRouter(tags=["users"], route_class=QueryRoute)

    @router.get(
        "/v1/{site}/users/{user_id}/recommendations",
        responses=documented(RecommendationsAnswer, "Recommendations.", problems=(404, 409, 422)),
    )
    async def recommendations(
        request: Request, site: Site, user_id: UserId, query: Recommended
    ) -> Response:
        """List the items that one person may like, none that they like already."""
        snapshot = snapshot_of(catalog, site)
        row = snapshot.users.get(user_id)
        if row is None:
            raise ApiProblemError(
                404, f"{snapshot.site.site} has no such user.", kind="unknown-user"
            )
        body = recommendations_body
        count = request.app.state.metrics.listed
        return answered(
            request, snapshot, lambda: body(snapshot, user_id, row, query, count), private=True
        )

    return router
