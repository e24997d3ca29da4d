"""What visitors did with items comes in here."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, Header, Request, Response

from serving.catalog import Catalog
from serving.errors import invalid_request
from serving.feedback.events import IDEMPOTENCY_KEY, Feedback, FeedbackAnswer
from serving.feedback.intake import Intake, has_leave
from serving.feedback.store import RECEIVED_AT
from serving.routes.common import JSON, Site, documented, snapshot_of

__all__ = ["build_router"]

_PROBLEMS: Final = (403, 404, 413, 415, 422, 429, 503)
_EXAMPLES: Final = [
    {
        "kind": "like",
        "item_ids": ["item-003"],
        "visitor": "Zk1vY2x1ZS1yYW5kb20",
        "idempotency_key": "6f1c2a54-2a0b-4f0e-9d3e-5c2b8f0e9a11",
    }
]
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=IDEMPOTENCY_KEY,
        description="Random text, new for each request; or the field of the body.",
    ),
]


def build_router(catalog: Catalog) -> APIRouter:
    """The one route that writes: to feedback/ of the data folder."""
    router = APIRouter(tags=["feedback"])

    @router.post(
        "/v1/{site}/feedback",
        responses=documented(FeedbackAnswer, "Written down.", problems=_PROBLEMS),
        dependencies=[Depends(has_leave)],
    )
    async def feedback(
        request: Request,
        site: Site,
        said: Annotated[Feedback, Body(examples=_EXAMPLES)],
        key: _Key = None,
    ) -> Response:
        """Write down what a visitor did with items; the same key writes once."""
        intake: Intake = request.app.state.intake
        sent_key = _one_key(key, said.idempotency_key)
        stored = await intake.take(snapshot_of(catalog, site), said, sent_key)
        answer = FeedbackAnswer(
            site=site, kind=said.kind, stored=len(stored), received_at=stored[0][RECEIVED_AT]
        )
        return Response(
            answer.model_dump_json(), headers={"Cache-Control": "no-store"}, media_type=JSON
        )

    return router


def _one_key(header: str | None, field: str | None) -> str:
    key = header or field
    if key is None or (header and field and header != field):
        detail = "must be given once, as the header or as idempotency_key of the body"
        raise invalid_request("header", "Idempotency-Key", detail)
    return key
