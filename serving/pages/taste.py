"""A visitor's own page: made of a few picks that stand in the url, and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.lists.answering import Count
from serving.lists.visitors import Visitor, VisitorItem, visitor_body
from serving.pages.cards import Card, card_of, cards_of
from serving.pages.handful import handful
from serving.pages.links import site_url
from serving.pages.paging import PAGE_LENGTH
from serving.pages.picks import ACTIONS, MAX_PICKS, Picks
from serving.pages.reasons import Reason, reason_of
from serving.pages.stored import details_of, parsed
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["Choice", "build_router"]

_ENOUGH: Final = 3
_FEW: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A card that may be picked or dismissed, and why it is there."""

    card: Card
    reason: Reason | None = None


def build_router(website: Website) -> APIRouter:
    """The page of a taste; nothing of what is picked is kept."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/taste")
    async def taste(request: Request, site: Site) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        given = request.query_params.multi_items()
        picks = Picks.read(snapshot, given)
        if any(name in ACTIONS for name, _ in given):
            return RedirectResponse(picks.href, 303, {"Cache-Control": "no-store"})
        count = request.app.state.metrics.listed
        return website.page(
            request, snapshot, "taste.html", lambda: _context(snapshot, picks, count), private=True
        )

    return router


def _context(snapshot: Snapshot, picks: Picks, count: Count) -> dict[str, Any]:
    answer = _recommended(snapshot, picks, count) if picks.likes else None
    cards = cards_of(snapshot.site, answer["items"]) if answer else []
    shown = {card.item_id for card in cards}
    index = snapshot.items.index
    hidden = {index[item_id] for _, item_id in picks.made} | {index[one] for one in shown}
    more = handful(snapshot, hidden, _FEW if cards else PAGE_LENGTH)
    return {
        "canonical": site_url(snapshot.site.site, "taste"),
        "picks": picks,
        "most": MAX_PICKS,
        "lacking": max(0, _ENOUGH - len(picks.likes)),
        "picked": [(how, _small(snapshot, item_id)) for how, item_id in picks.made],
        "clear": site_url(snapshot.site.site, "taste"),
        "chosen": [
            Choice(card, reason_of(card.because, is_filled=card.is_filled)) for card in cards
        ],
        "handful": [Choice(card) for card in cards_of(snapshot.site, more)],
        "algorithm": _algorithm(snapshot, answer["model"]) if answer else None,
    }


def _recommended(snapshot: Snapshot, picks: Picks, count: Count) -> dict[str, Any]:
    """The API's answer to a visitor with these likes, with reasons."""
    visitor = Visitor(
        model=None,
        items=[VisitorItem(item_id=item_id, weight=1.0) for item_id in picks.likes],
        exclude=tuple(picks.dismissed),
        k=PAGE_LENGTH,
        diversity=0.0,
        explain=True,
    )
    return parsed(visitor_body(snapshot, visitor, count))


def _small(snapshot: Snapshot, item_id: str) -> Card:
    return card_of(snapshot.site, details_of(snapshot, item_id), width=64)


def _algorithm(snapshot: Snapshot, model: str) -> tuple[str, str] | None:
    """What a model is called and how it works, as the models table says."""
    told = (one for one in snapshot.models if one.model == model)
    return next(((one.label, one.sentence) for one in told), None)
