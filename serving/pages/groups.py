"""Tags, categories and creators: all of them, and each with its items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from serving.browsing import group_body, group_items_body, group_row, groups_body
from serving.lists.query import Grouped
from serving.pages.cards import Card, card_of, cards_of
from serving.pages.links import GROUP_PATHS, group_url, site_url
from serving.pages.paging import PAGE_LENGTH, PageQuery, pager_of
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.routes.common import Site, Slug, snapshot_of
from serving.snapshot import GroupKind, Snapshot

__all__ = ["PLURALS", "build_router", "tags_of", "top_tags"]

PLURALS: Final[Mapping[GroupKind, str]] = {
    "tag": "Tags",
    "category": "Categories",
    "creator": "Creators",
}
_N_RELATED: Final = 12
_N_LOOKED_AT: Final = 200


def build_router(website: Website) -> APIRouter:
    """The list of each kind, and a page for each of them."""
    router = APIRouter(include_in_schema=False)
    for kind, path in GROUP_PATHS.items():
        _add_routes(router, website, kind, path)
    return router


def _add_routes(router: APIRouter, website: Website, kind: GroupKind, path: str) -> None:
    @router.get(f"/{{site}}/{path}", name=f"{kind}_list_page")
    async def groups(
        request: Request, site: Site, query: Annotated[PageQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        return website.page(request, snapshot, "groups.html", lambda: _all(snapshot, kind, query))

    @router.get(f"/{{site}}/{path}/{{slug}}", name=f"{kind}_page")
    async def group(
        request: Request, site: Site, slug: Slug, query: Annotated[PageQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        row = group_row(snapshot, kind, slug)
        return website.page(
            request, snapshot, "group.html", lambda: _one(snapshot, kind, row, query)
        )


def _all(snapshot: Snapshot, kind: GroupKind, query: PageQuery) -> dict[str, Any]:
    site = snapshot.site.site
    answer = parsed(groups_body(snapshot, kind, PAGE_LENGTH, query.cursor))
    return {
        "canonical": site_url(site, GROUP_PATHS[kind]),
        "kind": kind,
        "plural": PLURALS[kind],
        "kinds": [(PLURALS[one], site_url(site, path)) for one, path in GROUP_PATHS.items()],
        "groups": _told(snapshot, kind, answer["groups"]),
        "pager": pager_of(
            snapshot,
            query.cursor,
            answer["next_cursor"],
            lambda cursor: site_url(site, GROUP_PATHS[kind], cursor=cursor),
        ),
    }


def _told(
    snapshot: Snapshot, kind: GroupKind, groups: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], str, Card | None]]:
    """Each group with its page and the card of its most liked item that is not shown yet."""
    known, shown = snapshot.groups[kind], set[int]()
    told = []
    for group in groups:
        members = known.items[known.index[group["slug"]]][:_N_LOOKED_AT].tolist()
        face = next((idx for idx in members if idx not in shown), next(iter(members), None))
        shown.update(() if face is None else (face,))
        href = group_url(snapshot.site.site, kind, group["slug"])
        told.append((group, href, None if face is None else _card(snapshot, face)))
    return told


def _card(snapshot: Snapshot, item_idx: int) -> Card:
    return card_of(snapshot.site, parsed(b"{" + snapshot.items.cards[item_idx]))


def _one(snapshot: Snapshot, kind: GroupKind, row: int, query: PageQuery) -> dict[str, Any]:
    site, groups = snapshot.site.site, snapshot.groups[kind]
    slug = groups.slugs[row]
    answer = parsed(group_items_body(snapshot, kind, row, Grouped(k=PAGE_LENGTH), query.cursor))
    own = row if kind == "tag" else None
    return {
        "canonical": group_url(site, kind, slug),
        "kind": kind,
        "all_href": site_url(site, GROUP_PATHS[kind]),
        "plural": PLURALS[kind],
        "group": parsed(group_body(snapshot, kind, row)),
        "related": tags_of(snapshot, groups.items[row][:_N_LOOKED_AT].tolist(), without=own),
        "cards": cards_of(snapshot.site, answer["items"]),
        "pager": pager_of(
            snapshot,
            query.cursor,
            answer["next_cursor"],
            lambda cursor: site_url(site, GROUP_PATHS[kind], slug, cursor=cursor),
        ),
    }


def top_tags(snapshot: Snapshot, n: int) -> list[tuple[str, str]]:
    """Name and address of the tags whose items have the most likes."""
    tags, site = snapshot.groups["tag"], snapshot.site.site
    named = zip(tags.slugs[:n], tags.names[:n], strict=True)
    return [(name, group_url(site, "tag", slug)) for slug, name in named]


def tags_of(
    snapshot: Snapshot, item_idxs: Sequence[int], *, without: int | None = None
) -> list[tuple[str, str, str]]:
    """Name, address and slug of the tags that most of the first items have, the commonest first.

    Parameters
    ----------
    without : row of a tag to leave out.
    """
    tags = snapshot.groups["tag"]
    rows = [tags.of_items[item_idx] for item_idx in item_idxs[:_N_LOOKED_AT]]
    found, counts = np.unique(np.concatenate(rows or [np.empty(0, np.int32)]), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    chosen = [row for row in found[order].tolist() if row != without][:_N_RELATED]
    site = snapshot.site.site
    return [
        (tags.names[row], group_url(site, "tag", tags.slugs[row]), tags.slugs[row])
        for row in chosen
    ]
