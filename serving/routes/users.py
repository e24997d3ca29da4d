"""Recommendations for people, who are known by pseudonyms only."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.answers.items import RecommendationsAnswer
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.routes.common import (
    JSON,
    Listed,
    Site,
    UserId,
    documented,
    list_body,
    snapshot_of,
)

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about one person; no cache may keep their answers."""
    router = APIRouter(tags=["users"])

    @router.get(
        "/v1/{site}/users/{user_id}/recommendations",
        responses=documented(RecommendationsAnswer, "Recommendations.", problems=(404, 422)),
    )
    async def recommendations(site: Site, user_id: UserId, query: Listed) -> Response:
        """List the items that one person may like, none that they like already."""
        snapshot = snapshot_of(catalog, site)
        row = snapshot.users.get(user_id)
        if row is None:
            raise ApiProblemError(404, f"{site} has no such user.", kind="unknown-user")
        body = list_body(snapshot, "recommendations", ("user_id", user_id), row, query)
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=JSON)

    return router
