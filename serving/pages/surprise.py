"""Chance: one item, or a page of them, that nobody has chosen."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from serving.browsing import random_body
from serving.errors import ApiProblemError
from serving.lists.query import Grouped
from serving.lists.shuffling import MAX_SEED
from serving.pages.cards import cards_of
from serving.pages.links import item_url, site_url
from serving.pages.paging import PAGE_LENGTH, PageQuery, pager_of
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_MAX_CHOSEN: Final = 10**6


class SurpriseQuery(PageQuery):
    """Which random order, and which page of it."""

    seed: int | None = Field(None, ge=0, le=MAX_SEED)


def build_router(website: Website) -> APIRouter:
    """The way to a random item, and pages of random ones."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/random")
    async def random(site: Site) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        if not len(snapshot.popular):
            raise ApiProblemError(404, f"{site} has no items yet.", kind="unknown-item")
        item_idx = int(secrets.choice(snapshot.popular))
        return _elsewhere(item_url(site, snapshot.items.ids[item_idx]))

    @router.get("/{site}/surprise")
    async def surprise(
        request: Request, site: Site, query: Annotated[SurpriseQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        if query.seed is None:
            return _elsewhere(site_url(site, "surprise", seed=secrets.randbelow(_MAX_CHOSEN)))
        return website.page(request, snapshot, "listing.html", lambda: _context(snapshot, query))

    return router


def _elsewhere(url: str) -> Response:
    return RedirectResponse(url, 303, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


def _context(snapshot: Snapshot, query: SurpriseQuery) -> dict[str, Any]:
    site = snapshot.site.site
    answer = parsed(random_body(snapshot, query.seed, Grouped(k=PAGE_LENGTH), query.cursor))
    return {
        "canonical": site_url(site, "surprise"),
        "name": "A handful at random",
        "sentence": "Nobody chose these: every item is as likely as any other.",
        "cards": cards_of(snapshot.site, answer["items"]),
        "pager": pager_of(
            snapshot,
            query.cursor,
            answer["next_cursor"],
            lambda cursor: site_url(site, "surprise", seed=query.seed, cursor=cursor),
        ),
        "actions": [
            ("Deal again", site_url(site, "surprise")),
            ("Take me to one", site_url(site, "random")),
        ],
    }
