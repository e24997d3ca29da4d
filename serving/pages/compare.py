"""Two algorithms side by side: their lists beside an item, rank by rank, and what both have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from serving.answers.models import ModelDetails
from serving.lists.answering import named_lists
from serving.lists.comparing import CompareQuery, compare_body
from serving.pages.cards import Card, card_of
from serving.pages.links import item_url
from serving.pages.rows import models_of
from serving.pages.stored import details_of, known_id, parsed
from serving.pages.trail import Way, WayQuery
from serving.pages.website import Website
from serving.routes.common import ItemId, Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["COMPARED_LENGTH", "build_router"]

COMPARED_LENGTH: Final = 20
_WIDTH: Final = 64


@dataclass(frozen=True, slots=True)
class Place:
    """An item at its rank in one list, and its rank in the other one, if that has it."""

    rank: int
    card: Card
    other_rank: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One of the two lists."""

    model: ModelDetails
    place: int
    places: list[Place]


class PairQuery(WayQuery):
    """Which two, and how the item was reached."""

    a: str | None = Field(None, max_length=100)
    b: str | None = Field(None, max_length=100)
    voted: str | None = Field(None, max_length=100)


def build_router(website: Website) -> APIRouter:
    """The page that compares two rows."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/items/{item_id}/compare")
    async def compare(
        request: Request, site: Site, item_id: ItemId, query: Annotated[PairQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        way = Way.of(snapshot, known_id(snapshot, item_id), query)
        return website.page(
            request,
            snapshot,
            "compare.html",
            lambda: _context(snapshot, way, query),
            private=query.is_personal or bool(query.voted),
        )

    return router


def _context(snapshot: Snapshot, way: Way, query: PairQuery) -> dict[str, Any]:
    row = snapshot.items.index[way.item_id]
    models = models_of(snapshot, way.item_id)
    names = _pair(snapshot, row, [model.model for model in models], query)
    asked = CompareQuery(
        models=",".join(names), item_id=way.item_id, user_id=None, k=COMPARED_LENGTH
    )
    answer = parsed(compare_body(snapshot, "similar", row, asked))
    columns = [_column(snapshot, way, answer, side) for side in range(2)]
    return {
        "item": card_of(snapshot.site, details_of(snapshot, way.item_id), width=_WIDTH),
        "canonical": item_url(snapshot.site.site, way.item_id),
        "way": way,
        "models": models,
        "columns": columns,
        "n_common": answer["n_common"],
        "overlap": answer["overlap"],
        "n_ranks": len(answer["rows"]),
        "ties": [(one.rank, one.other_rank) for one in columns[0].places if one.other_rank],
        "voted": query.voted,
    }


def _pair(snapshot: Snapshot, row: int, known: list[str], query: PairQuery) -> tuple[str, str]:
    """Names of the two; those that are not asked for are the first that there are.

    Raises
    ------
    ApiProblemError : 404, no such lists.
    """
    a = query.a or next((name for name in known if name != query.b), None)
    b = query.b or next((name for name in known if name != a), a)
    first, second = (named_lists(snapshot, "similar", row, name)[0] for name in (a, b))
    return first, second


def _column(snapshot: Snapshot, way: Way, answer: dict[str, Any], side: int) -> Column:
    name = answer["models"][side]
    model = next(one for one in snapshot.models if one.model == name)
    listed = ((row["rank"], row["items"][side]) for row in answer["rows"])
    places = [
        Place(rank, card_of(snapshot.site, item, way.onward, width=_WIDTH), item["other_rank"])
        for rank, item in listed
        if item
    ]
    return Column(model, 1 + snapshot.models.index(model), places)
