"""The page of an item: what it is, and what each algorithm sets beside it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.lists.answering import Count
from serving.pages.cards import card_of
from serving.pages.links import item_url
from serving.pages.rows import rows_of
from serving.pages.stored import details_of
from serving.pages.trail import MAX_TRAIL_LENGTH, read_trail, steps, trail_after
from serving.pages.website import Website
from serving.routes.common import ItemId, Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_LARGE_WIDTH: Final = 640


class ItemQuery(BaseModel):
    """How an item was reached, and how it is shown."""

    model_config = ConfigDict(frozen=True)

    trail: str = Field("", max_length=MAX_TRAIL_LENGTH)
    off: tuple[Annotated[str, Field(max_length=100)], ...] = Field((), max_length=50)
    play: bool = False


def build_router(website: Website) -> APIRouter:
    """The page of an item."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/items/{item_id}")
    async def item(
        request: Request, site: Site, item_id: ItemId, query: Annotated[ItemQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        count = request.app.state.metrics.listed
        return website.page(
            request,
            snapshot,
            "item.html",
            lambda: _context(snapshot, item_id, query, count),
            private=bool(query.trail),
        )

    return router


def _context(snapshot: Snapshot, item_id: str, query: ItemQuery, count: Count) -> dict[str, Any]:
    details = details_of(snapshot, item_id)
    trail = [one for one in read_trail(snapshot, query.trail) if one != item_id]
    shown = rows_of(snapshot, item_id, trail_after(trail, item_id), query.off, count)
    return {
        "item": card_of(snapshot.site, details, trail, width=_LARGE_WIDTH),
        "details": details,
        "canonical": item_url(snapshot.site.site, item_id),
        "trail": trail,
        "steps": steps(snapshot, trail),
        "rows": shown.rows,
        "n_rows": shown.n_rows,
        "off": query.off,
        "play": query.play,
    }
