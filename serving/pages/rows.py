"""Rows of an item: for each algorithm, what it sets beside the item, and a page of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from serving.answers.models import ModelDetails
from serving.errors import ApiProblemError
from serving.lists.answering import Count, similar_body
from serving.lists.query import Cursor, SimilarQuery
from serving.pages.cards import Card, card_of, cards_of
from serving.pages.links import item_url
from serving.pages.stored import details_of, known_id, parsed
from serving.pages.trail import Way, WayQuery
from serving.pages.website import Website
from serving.routes.common import ItemId, ModelName, Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = [
    "ROW_LENGTH",
    "Row",
    "Standing",
    "build_router",
    "models_of",
    "row_of",
    "rows_of",
    "standing_of",
]

ROW_LENGTH: Final = 12
_PAGE_LENGTH: Final = 24
Standing = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """What one algorithm lists beside an item.

    Attributes
    ----------
    place : among all models, from 1; it names the row within its page.
    label, sentence : for people, from the models table.
    n_rows : by id of each card, in how many rows of the item's page it stands.
    n_filled : cards that were filled in from popular items.
    whys : by id of each card that the algorithm listed itself, the page with its reasons.
    more_href : where the list goes on; None at its end, or where only popular items follow.
    href : page of the whole row.
    """

    model: str
    place: int
    label: str
    sentence: str
    cards: Sequence[Card]
    n_rows: Mapping[str, int]
    n_filled: int
    whys: Mapping[str, str]
    more_href: str | None
    href: str


class RowQuery(WayQuery):
    """Where a row goes on, and how its item was reached."""

    cursor: Cursor = None


def build_router(website: Website) -> APIRouter:
    """The page of one row."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/items/{item_id}/rows/{model}")
    async def row(
        request: Request,
        site: Site,
        item_id: ItemId,
        model: ModelName,
        query: Annotated[RowQuery, Query()],
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        way = Way.of(snapshot, known_id(snapshot, item_id), query)
        count = request.app.state.metrics.listed
        try:
            return website.page(
                request,
                snapshot,
                "row.html",
                lambda: _context(snapshot, way, model, query.cursor, count),
                private=query.is_personal,
            )
        except ApiProblemError as err:
            if err.kind != "stale-cursor":
                raise
            begin = way.url("rows", model)
            return RedirectResponse(begin, 303, headers={"Cache-Control": "no-store"})

    return router


def _context(
    snapshot: Snapshot, way: Way, model: str, cursor: str | None, count: Count
) -> dict[str, Any]:
    standing = standing_of(snapshot, way)
    row = row_of(snapshot, way, model, standing, count, cursor=cursor, k=_PAGE_LENGTH)
    return {
        "item": card_of(snapshot.site, details_of(snapshot, way.item_id), width=64),
        "canonical": item_url(snapshot.site.site, way.item_id),
        "way": way,
        "row": row,
        "goes_on": cursor is not None,
    }


def models_of(snapshot: Snapshot, item_id: str) -> list[ModelDetails]:
    """Models that list anything beside an item, in the order of display."""
    row = snapshot.items.index[item_id]
    named = snapshot.lists["similar"]
    has_list = {name for name, lists in named.items() if lists.has(row)}
    return [model for model in snapshot.models if model.model in has_list]


def rows_of(snapshot: Snapshot, way: Way, count: Count) -> list[Row]:
    """A row of each algorithm that has something to say of an item and is not switched off."""
    standing = standing_of(snapshot, way)
    return [row_of(snapshot, way, model, standing, count) for model in standing]


def standing_of(snapshot: Snapshot, way: Way) -> Standing:
    """By model the ids that its row begins with on the item's page, in the order of display."""
    row, ids = snapshot.items.index[way.item_id], snapshot.items.ids
    shown = [one.model for one in models_of(snapshot, way.item_id) if one.model not in way.off]
    named = snapshot.lists["similar"]
    return {
        model: frozenset(ids[idx] for idx in named[model].top(row, ROW_LENGTH)[0].tolist())
        for model in shown
    }


def row_of(
    snapshot: Snapshot,
    way: Way,
    model: str,
    standing: Standing,
    count: Count,
    *,
    cursor: str | None = None,
    k: int = ROW_LENGTH,
) -> Row:
    """The row of one algorithm, or where it goes on.

    Raises
    ------
    ApiProblemError : 404, no such lists; 409 and 422, a cursor that is stale or none.
    """
    idx = snapshot.items.index[way.item_id]
    query = SimilarQuery(model=model, k=k, cursor=cursor)
    answer = parsed(similar_body(snapshot, way.item_id, idx, query, count))
    cards = cards_of(snapshot.site, answer["items"], way.onward)
    own = [card.item_id for card in cards if not card.is_filled]
    others = [ids for name, ids in standing.items() if name != model]
    told = next(one for one in snapshot.models if one.model == model)
    after = answer["next_cursor"] if len(own) == len(cards) else None
    return Row(
        model=model,
        place=1 + snapshot.models.index(told),
        label=told.label,
        sentence=told.sentence,
        cards=cards,
        n_rows={one: 1 + sum(one in ids for ids in others) for one in own},
        n_filled=len(cards) - len(own),
        whys=dict(zip(own, way.urls("why", model, last=own), strict=True)),
        more_href=way.url("rows", model, cursor=after) if after else None,
        href=way.url("rows", model),
    )
