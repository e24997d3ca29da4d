"""Tags, categories and creators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.answers.browse import GroupAnswer, GroupItemsAnswer, GroupsAnswer
from serving.browsing import group_body, group_items_body, group_row, groups_body
from serving.caching import answered
from serving.catalog import Catalog
from serving.encoding import MAX_K
from serving.lists.query import Cursor
from serving.routes.browse import Browse
from serving.routes.common import Site, Slug, documented, snapshot_of
from serving.routing import QueryRoute
from serving.snapshot import GroupKind

__all__ = ["build_router"]

_PATHS: Final[Mapping[GroupKind, str]] = {
    "tag": "tags",
    "category": "categories",
    "creator": "creators",
}


class GroupsQuery(BaseModel):
    """A list of groups, or where it goes on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    k: int = Field(20, ge=1, le=MAX_K, description="Length of the list.")
    cursor: Cursor = None


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about the groups that items are in: the same three of each kind."""
    router = APIRouter(tags=["groups"], route_class=QueryRoute)
    for kind, path in _PATHS.items():
        _add_routes(router, catalog, kind, f"/v1/{{site}}/{path}")
    return router


def _add_routes(router: APIRouter, catalog: Catalog, kind: GroupKind, path: str) -> None:
    @router.get(
        path,
        name=f"{kind}_list",
        description=f"List every {kind}, the one whose items have the most likes first.",
        responses=documented(GroupsAnswer, f"Every {kind}.", problems=(404, 409, 422)),
    )
    async def groups(
        request: Request, site: Site, query: Annotated[GroupsQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(catalog, site)
        return answered(
            request, snapshot, lambda: groups_body(snapshot, kind, query.k, query.cursor)
        )

    @router.get(
        f"{path}/{{slug}}",
        name=kind,
        description=f"Describe one {kind}.",
        responses=documented(GroupAnswer, f"The {kind}.", problems=(404, 422)),
    )
    async def group(request: Request, site: Site, slug: Slug) -> Response:
        snapshot = snapshot_of(catalog, site)
        row = group_row(snapshot, kind, slug)
        return answered(request, snapshot, lambda: group_body(snapshot, kind, row))

    @router.get(
        f"{path}/{{slug}}/items",
        name=f"{kind}_items",
        description=f"List the items of one {kind}, the most liked first.",
        responses=documented(GroupItemsAnswer, "Its items.", problems=(404, 409, 422)),
    )
    async def items(request: Request, site: Site, slug: Slug, query: Browse) -> Response:
        snapshot = snapshot_of(catalog, site)
        row = group_row(snapshot, kind, slug)
        return answered(
            request, snapshot, lambda: group_items_body(snapshot, kind, row, query, query.cursor)
        )
