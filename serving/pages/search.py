"""Search: words, pasted links, and what is suggested while one types."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from serving.browsing import completions_body, search_body
from serving.errors import ApiProblemError
from serving.lists.query import MAX_SLUGS, Grouped, Slugs
from serving.pages.cards import card_of, cards_of
from serving.pages.groups import tags_of, top_tags
from serving.pages.links import group_url, item_url, site_url
from serving.pages.paging import PAGE_LENGTH, PageQuery, pager_of
from serving.pages.shelves import order_shelf
from serving.pages.stored import details_of, parsed
from serving.pages.website import Website
from serving.resolving import MAX_LINK_LENGTH, resolve
from serving.routes.common import Site, snapshot_of
from serving.routes.search import MAX_Q_LENGTH
from serving.snapshot import GroupKind, Snapshot

__all__ = ["build_router", "item_named"]

_N_SUGGESTED: Final = 8
_LINK: Final = re.compile(r"(?:https?:)?//|www\.", re.IGNORECASE)
_FILTERS: Final[tuple[GroupKind, ...]] = ("tag", "category", "creator")


class SearchPageQuery(PageQuery):
    """What is searched, within which groups, and which page of what was found."""

    q: str = Field("", max_length=MAX_LINK_LENGTH)
    tag: Slugs = ()
    category: Slugs = ()
    creator: Slugs = ()

    @property
    def words(self) -> str:
        """What is searched of what was typed."""
        return self.q.strip()[:MAX_Q_LENGTH]


class SuggestionsQuery(BaseModel):
    """What is being typed."""

    model_config = ConfigDict(frozen=True)

    q: str = Field("", max_length=MAX_LINK_LENGTH)


def build_router(website: Website) -> APIRouter:
    """The page of what was found, and the list below the box while one types."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/search")
    async def search(
        request: Request, site: Site, query: Annotated[SearchPageQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        item_id = item_named(snapshot, query.q)
        if item_id is not None:
            return RedirectResponse(item_url(site, item_id), 303, {"Cache-Control": "no-store"})
        return website.page(request, snapshot, "search.html", lambda: _found(snapshot, query))

    @router.get("/{site}/suggestions")
    async def suggestions(
        request: Request, site: Site, query: Annotated[SuggestionsQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        return website.page(
            request, snapshot, "suggestions.html", lambda: _suggested(snapshot, query.q)
        )

    return router


def item_named(snapshot: Snapshot, text: str) -> str | None:
    """Id of the item that a pasted text names; None where it is words to search for.

    An id of nothing but letters is searched for, since it may well be a word.

    Raises
    ------
    ApiProblemError : 404 and 422, it is a link, but to no item that is served.
    """
    text = text.strip()
    is_link = _is_link(snapshot, text)
    if not is_link and (not text or text.isalpha()):
        return None
    try:
        return snapshot.items.ids[resolve(snapshot, text).item_idx]
    except ApiProblemError:
        if is_link:
            raise
        return None


def _is_link(snapshot: Snapshot, text: str) -> bool:
    host, slash, _ = text.partition("/")
    hosts = {name.lower().removeprefix("www.") for name in snapshot.site.hosts}
    return bool(_LINK.match(text)) or (bool(slash) and host.lower() in hosts)


def _found(snapshot: Snapshot, query: SearchPageQuery) -> dict[str, Any]:
    site, words = snapshot.site.site, query.words
    shared = {
        "canonical": None,
        "q": query.q.strip(),
        "is_cut": len(query.q.strip()) > MAX_Q_LENGTH,
        "longest": MAX_Q_LENGTH,
        "filters": _filters(snapshot, query),
        "popular": order_shelf(snapshot, "popular"),
        "tags": top_tags(snapshot, PAGE_LENGTH),
    }
    if not words:
        return {**shared, "cards": [], "pager": None, "narrower": [], "is_asked": False}
    groups = {kind: getattr(query, kind) for kind in _FILTERS}
    answer = parsed(search_body(snapshot, words, Grouped(k=PAGE_LENGTH, **groups), query.cursor))
    item_idxs = [snapshot.items.index[item["item_id"]] for item in answer["items"]]
    return {
        **shared,
        "is_asked": True,
        "cards": cards_of(snapshot.site, answer["items"]),
        "narrower": [
            (name, site_url(site, "search", q=words, **{**groups, "tag": (*query.tag, slug)}))
            for name, _, slug in tags_of(snapshot, item_idxs)
            if slug not in query.tag and len(query.tag) < MAX_SLUGS
        ],
        "pager": pager_of(
            snapshot,
            query.cursor,
            answer["next_cursor"],
            lambda cursor: site_url(site, "search", q=words, cursor=cursor, **groups),
        ),
    }


def _filters(snapshot: Snapshot, query: SearchPageQuery) -> list[tuple[GroupKind, str, str]]:
    """Each filter that is on: its kind, its name, and the address of the page without it."""
    groups = {kind: getattr(query, kind) for kind in _FILTERS}
    return [
        (kind, _name(snapshot, kind, slug), _without(snapshot, query, groups, kind, slug))
        for kind in _FILTERS
        for slug in groups[kind]
    ]


def _name(snapshot: Snapshot, kind: GroupKind, slug: str) -> str:
    groups = snapshot.groups[kind]
    row = groups.index.get(slug)
    return slug if row is None else groups.names[row]


def _without(
    snapshot: Snapshot,
    query: SearchPageQuery,
    groups: dict[GroupKind, tuple[str, ...]],
    kind: GroupKind,
    slug: str,
) -> str:
    kept = {**groups, kind: tuple(one for one in groups[kind] if one != slug)}
    return site_url(snapshot.site.site, "search", q=query.words, **kept)


def _suggested(snapshot: Snapshot, q: str) -> dict[str, Any]:
    """Items, tags and creators that may be meant; of a pasted link the one item."""
    words = q.strip()[:MAX_Q_LENGTH]
    named = _quietly_named(snapshot, q)
    if named is not None:
        found = [{"kind": "item", "text": "", "slug": None, "item_id": named}]
    elif words:
        found = parsed(completions_body(snapshot, words, _N_SUGGESTED))["completions"]
    else:
        found = []
    return {"q": q, "suggestions": [_suggestion(snapshot, one) for one in found]}


def _quietly_named(snapshot: Snapshot, q: str) -> str | None:
    try:
        return item_named(snapshot, q)
    except ApiProblemError:
        return None


def _suggestion(snapshot: Snapshot, one: dict[str, Any]) -> dict[str, Any]:
    site, item_id = snapshot.site.site, one["item_id"]
    if item_id is None:
        href = group_url(site, one["kind"], one["slug"])
        return {"kind": one["kind"], "text": one["text"], "href": href, "card": None}
    card = card_of(snapshot.site, details_of(snapshot, item_id), width=64)
    return {"kind": "item", "text": card.title, "href": card.href, "card": card}
