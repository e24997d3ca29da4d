"""The page of an item: what it is, and what each algorithm sets beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from serving.foreign import safe_url
from serving.lists.answering import Count
from serving.pages.cards import card_of
from serving.pages.licenses import license_of
from serving.pages.links import group_url, item_url, site_url
from serving.pages.rows import models_of, rows_of
from serving.pages.shelves import order_shelf
from serving.pages.stored import details_of, known_id
from serving.pages.trail import Way, WayQuery, steps
from serving.pages.website import Website
from serving.routes.common import ItemId, Site, snapshot_of
from serving.snapshot import GroupKind, Snapshot

__all__ = ["ItemGroups", "build_router", "chips_of", "groups_of"]

_LARGE_WIDTH: Final = 640
ItemGroups = Mapping[GroupKind, Sequence[tuple[str, str]]]


class ItemQuery(WayQuery):
    """How an item was reached, and how it is shown."""

    play: bool = False
    voted: str | None = Field(None, max_length=100)


def build_router(website: Website) -> APIRouter:
    """The page of an item."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/items/{item_id}")
    async def item(
        request: Request, site: Site, item_id: ItemId, query: Annotated[ItemQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        way = Way.of(snapshot, known_id(snapshot, item_id), query)
        count = request.app.state.metrics.listed
        return website.page(
            request,
            snapshot,
            "item.html",
            lambda: _context(snapshot, way, query, count),
            private=query.is_personal or bool(query.voted),
        )

    return router


def _context(snapshot: Snapshot, way: Way, query: ItemQuery, count: Count) -> dict[str, Any]:
    details = details_of(snapshot, way.item_id)
    models = models_of(snapshot, way.item_id)
    groups = groups_of(snapshot, way.item_id)
    published_at = details["published_at"]
    return {
        "item": card_of(snapshot.site, details, width=_LARGE_WIDTH),
        "license": license_of(details["license"]),
        "chips": chips_of(groups),
        "creator_url": next((href for _, href in groups["creator"]), None),
        "published_at": datetime.fromisoformat(published_at) if published_at else None,
        "out_url": safe_url(details["url"], snapshot.site.hosts),
        "player_url": player_url(snapshot, details["embed_url"]),
        "play": query.play,
        "canonical": item_url(snapshot.site.site, way.item_id),
        "taste": site_url(snapshot.site.site, "taste", like=[way.item_id]),
        "way": way,
        "steps": steps(snapshot, way),
        "rows": rows_of(snapshot, way, count),
        "models": models,
        "voted": query.voted,
        "popular": [] if models else order_shelf(snapshot, "popular").cards,
    }


def groups_of(snapshot: Snapshot, item_id: str) -> ItemGroups:
    """Name and page of each tag, category and creator of an item."""
    idx = snapshot.items.index[item_id]
    return {
        kind: [
            (groups.names[row], group_url(snapshot.site.site, kind, groups.slugs[row]))
            for row in groups.of_items[idx].tolist()
        ]
        for kind, groups in snapshot.groups.items()
    }


def chips_of(groups: ItemGroups) -> list[tuple[GroupKind, str, str]]:
    """Kind, name and page of each category and tag; what is both stands there once."""
    categories = {name.casefold() for name, _ in groups["category"]}
    return [
        *(("category", name, href) for name, href in groups["category"]),
        *(("tag", n, href) for n, href in groups["tag"] if n.casefold() not in categories),
    ]


def player_url(snapshot: Snapshot, embed_url: str | None) -> str | None:
    """The site's player of an item, where a page may frame it; else None."""
    template = snapshot.site.embed_template
    return safe_url(embed_url, [urlsplit(template).netloc]) if template else None
