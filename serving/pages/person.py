"""The page of a person, by pseudonym: what they like, and what each algorithm would show them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from serving.errors import ApiProblemError
from serving.lists.answering import Count, recommendations_body
from serving.lists.cursor import decode_cursor, encode_cursor
from serving.lists.query import RecommendationsQuery
from serving.pages.cards import Card, cards_of
from serving.pages.links import site_url
from serving.pages.paging import PAGE_LENGTH, PageQuery, pager_of
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.routes.common import Site, UserId, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_ROW_LENGTH: Final = 12


def build_router(website: Website) -> APIRouter:
    """The page of a person, where the operator has switched routes about people on."""
    router = APIRouter(include_in_schema=False)
    if not website.settings.user_routes:
        return router

    @router.get("/{site}/users/{user_id}")
    async def person(
        request: Request, site: Site, user_id: UserId, query: Annotated[PageQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        count = request.app.state.metrics.listed
        return website.page(
            request,
            snapshot,
            "person.html",
            lambda: _context(snapshot, user_id, query, count),
            private=True,
        )

    return router


def _context(snapshot: Snapshot, user_id: str, query: PageQuery, count: Count) -> dict[str, Any]:
    row = snapshot.users.get(user_id)
    if row is None:
        raise ApiProblemError(404, f"{snapshot.site.site} has no such user.", kind="unknown-user")
    site = snapshot.site.site
    offset = decode_cursor(snapshot.edition, query.cursor)
    liked, n_likes = _liked(snapshot, row, offset)
    stop = offset + PAGE_LENGTH
    return {
        "canonical": None,
        "user_id": user_id,
        "n_likes": n_likes,
        "likes": liked,
        "rows": [] if offset else _rows(snapshot, user_id, row, count),
        "pager": pager_of(
            snapshot,
            query.cursor,
            encode_cursor(snapshot.edition, stop) if stop < n_likes else None,
            lambda cursor: site_url(site, "users", user_id, cursor=cursor),
            PAGE_LENGTH,
        ),
    }


def _liked(snapshot: Snapshot, row: int, offset: int) -> tuple[list[Card], int]:
    """A page of what a person likes, what most others like first, and how much it is in all."""
    items = snapshot.items
    liked = [idx for idx in snapshot.user_items[row].tolist() if items.allowed[idx]]
    liked.sort(key=lambda idx: (-int(items.like_counts[idx]), idx))
    shown = liked[offset : offset + PAGE_LENGTH]
    return cards_of(snapshot.site, [parsed(b"{" + items.cards[idx]) for idx in shown]), len(liked)


def _rows(
    snapshot: Snapshot, user_id: str, row: int, count: Count
) -> list[tuple[str, str, list[Card]]]:
    """Label, sentence and first items of each algorithm that has a list for the person."""
    lists = snapshot.lists["recommendations"]
    rows = []
    for model in snapshot.models:
        if model.model in lists and lists[model.model].has(row):
            query = RecommendationsQuery(model=model.model, k=_ROW_LENGTH)
            answer = parsed(recommendations_body(snapshot, user_id, row, query, count))
            rows.append((model.label, model.sentence, cards_of(snapshot.site, answer["items"])))
    return rows
