"""Why an item stands in a row: the reasons of the API in plain words, else what can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from serving.errors import ApiProblemError
from serving.lists.answering import named_lists, similar_body
from serving.lists.cursor import encode_cursor
from serving.lists.query import SimilarQuery
from serving.pages.cards import card_of
from serving.pages.item import ItemGroups, chips_of, groups_of
from serving.pages.links import item_url
from serving.pages.rows import models_of
from serving.pages.stored import details_of, known_id, parsed
from serving.pages.trail import Way, WayQuery
from serving.pages.website import Website
from serving.routes.common import ItemId, ModelName, Site, item_idx_of, snapshot_of
from serving.snapshot import GroupKind, Snapshot

__all__ = ["Argument", "arguments_of", "build_router"]

_WIDTH: Final = 320
_NOUNS: Final[Mapping[GroupKind, str]] = {
    "tag": "the tag",
    "category": "the category",
    "creator": "the creator",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """What speaks for an item, or against it.

    Attributes
    ----------
    before, name, after : a sentence around a name that the site has given; the name may be empty.
    href : page of what is named.
    share : of all that speaks for or against, in percent.
    """

    before: str
    name: str
    after: str
    href: str | None
    share: float
    is_against: bool


def build_router(website: Website) -> APIRouter:
    """The page of reasons."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/items/{item_id}/why/{model}/{listed}")
    async def why(
        request: Request,
        *,
        site: Site,
        item_id: ItemId,
        model: ModelName,
        listed: ItemId,
        query: Annotated[WayQuery, Query()],
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        way = Way.of(snapshot, known_id(snapshot, item_id), query)
        return website.page(
            request,
            snapshot,
            "why.html",
            lambda: _context(snapshot, way, model, known_id(snapshot, listed)),
            private=query.is_personal,
        )

    return router


def _context(snapshot: Snapshot, way: Way, model: str, listed: str) -> dict[str, Any]:
    row, target = item_idx_of(snapshot, way.item_id), item_idx_of(snapshot, listed)
    if row == target:
        raise ApiProblemError(404, "An item is never in a row of its own.", kind="unknown-item")
    rank = _rank(snapshot, model, row, target)
    own, its = groups_of(snapshot, way.item_id), groups_of(snapshot, listed)
    told = next(one for one in snapshot.models if one.model == model)
    because = _because(snapshot, way.item_id, model, rank) if rank else None
    item = card_of(snapshot.site, details_of(snapshot, way.item_id), width=_WIDTH)
    return {
        "item": item,
        "listed": card_of(snapshot.site, details_of(snapshot, listed), way.onward, width=_WIDTH),
        "canonical": item_url(snapshot.site.site, way.item_id),
        "way": way,
        "model": told,
        "rank": rank,
        "arguments": arguments_of(because, item.title, own, its) if because else [],
        "common": _common(own, its),
        "elsewhere": _elsewhere(snapshot, way, model, target),
    }


def _rank(snapshot: Snapshot, model: str, row: int, target: int) -> int | None:
    """Place of an item in the list of a model, from 1; None where the list has it not.

    Raises
    ------
    ApiProblemError : 404, no such lists.
    """
    item_idxs, _ = named_lists(snapshot, "similar", row, model)[1].top(row)
    (places,) = np.nonzero(item_idxs == target)
    return int(places[0]) + 1 if len(places) else None


def _because(
    snapshot: Snapshot, item_id: str, model: str, rank: int
) -> Sequence[Mapping[str, Any]] | None:
    """Reasons that the API gives of the item at a rank."""
    before = encode_cursor(snapshot.edition, rank - 1) if rank > 1 else None
    query = SimilarQuery(model=model, k=1, cursor=before, explain=True)
    answer = parsed(similar_body(snapshot, item_id, snapshot.items.index[item_id], query))
    because: Sequence[Mapping[str, Any]] | None = answer["items"][0]["because"]
    return because


def arguments_of(
    because: Sequence[Mapping[str, Any]], item_title: str, own: ItemGroups, its: ItemGroups
) -> list[Argument]:
    """Reasons of the API in words, in its order.

    Parameters
    ----------
    own, its : tags, categories and creators of the item that the page is about, and of the listed.
    """
    whole = sum(abs(one["part"]) for one in because) or 1.0
    return [
        Argument(
            *_words(one, item_title, own, its),
            share=100 * abs(one["part"]) / whole,
            is_against=one["part"] < 0,
        )
        for one in because
    ]


def _words(
    one: Mapping[str, Any], item_title: str, own: ItemGroups, its: ItemGroups
) -> tuple[str, str, str, str | None]:
    if one["kind"] == "rest":
        return ("What was learned of the two themselves", "", "", None)
    if one["kind"] == "item":
        if one["item_id"] is None:
            return (f"{one['n']} further likes", "", "", None)
        return ("People who like", one["title"] or item_title, "tend to like this too", None)
    if one["tag"] is None:
        return (f"{one['n']} further tags and the like", "", "", None)
    kind, name = one["kind"], one["tag"]
    here, there = (_page_of(groups[kind], name) for groups in (own, its))
    before = "Both have" if here and there else "It has" if there else "The other one has"
    if not here and not there:
        before = "What was learned of"
    return (f"{before} {_NOUNS[kind]}", name, "", here or there)


def _page_of(groups: Sequence[tuple[str, str]], name: str) -> str | None:
    folded = name.casefold()
    return next((href for one, href in groups if one.casefold() == folded), None)


def _common(own: ItemGroups, its: ItemGroups) -> list[tuple[GroupKind, str, str]]:
    """Kind, name and page of all that both have."""
    shared: ItemGroups = {
        kind: [pair for pair in pairs if pair in its[kind]] for kind, pairs in own.items()
    }
    return [*chips_of(shared), *(("creator", name, href) for name, href in shared["creator"])]


def _elsewhere(snapshot: Snapshot, way: Way, model: str, target: int) -> list[tuple[str, int, str]]:
    """Label, rank and page of the other rows that list the item."""
    row = snapshot.items.index[way.item_id]
    ranks = (
        (one, _rank(snapshot, one.model, row, target))
        for one in models_of(snapshot, way.item_id)
        if one.model != model
    )
    return [(one.label, rank, way.url("rows", one.model)) for one, rank in ranks if rank]
