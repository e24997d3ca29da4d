"""Which row is better for you: a vote for an algorithm, where feedback is switched on."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from serving.errors import invalid_request
from serving.feedback.events import Feedback
from serving.feedback.intake import Intake, has_leave
from serving.pages.rows import models_of
from serving.pages.stored import known_id
from serving.pages.trail import Way, WayQuery
from serving.pages.website import Website
from serving.routes.common import ItemId, Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

ModelName = Annotated[str, Field(min_length=1, max_length=100)]


class VoteQuery(WayQuery):
    """Which algorithm, and where the vote comes from: two side by side, else the item's page.

    All stands in the url: the form has no fields, so its body is empty.
    """

    model: ModelName
    a: ModelName | None = None
    b: ModelName | None = None


def build_router(website: Website) -> APIRouter:
    """The form's target; without feedback there is none."""
    router = APIRouter(include_in_schema=False)
    if not website.settings.feedback:
        return router

    @router.post("/{site}/items/{item_id}/vote", dependencies=[Depends(has_leave)])
    async def vote(
        request: Request, site: Site, item_id: ItemId, query: Annotated[VoteQuery, Query()]
    ) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        way = Way.of(snapshot, known_id(snapshot, item_id), query)
        if query.model not in {one.model for one in models_of(snapshot, way.item_id)}:
            raise invalid_request("query", "model", "has no row beside the item", query.model)
        said = Feedback.model_validate(
            {"kind": "vote", "item_ids": [way.item_id], "vote": 1, "model": query.model}
        )
        intake: Intake = request.app.state.intake
        await intake.take(snapshot, said, secrets.token_urlsafe(24))
        thanks = _thanks(snapshot, way, query)
        return RedirectResponse(thanks, 303, headers={"Cache-Control": "no-store"})

    return router


def _thanks(snapshot: Snapshot, way: Way, query: VoteQuery) -> str:
    """The page that the vote was given on, which says thank you where it was given."""
    place = 1 + [one.model for one in snapshot.models].index(query.model)
    compared = {one.model for one in models_of(snapshot, way.item_id)}
    if query.a in compared and query.b in compared:
        page = way.url("compare", a=query.a, b=query.b, voted=query.model)
    else:
        page = way.url(voted=query.model)
    return f"{page}#vote-{place}"
