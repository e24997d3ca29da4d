"""What visitors did with items comes in here."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, Header, Request, Response

from serving.catalog import Catalog
from serving.errors import (
    ApiProblemError,
    FeedbackKeyReusedError,
    FeedbackUnwrittenError,
    invalid_request,
)
from serving.feedback.events import IDEMPOTENCY_KEY, Feedback, FeedbackAnswer, request_key
from serving.feedback.origins import is_allowed
from serving.feedback.quota import Quota
from serving.feedback.store import FeedbackStore, Row
from serving.routes.common import JSON, Site, documented, snapshot_of
from serving.settings import ServingSettings
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_log = logging.getLogger(__name__)
_RETRY_S: Final = "5"
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
    store = FeedbackStore(catalog.settings.data)
    router = APIRouter(tags=["feedback"])
    leave = Depends(_leave(catalog.settings))

    @router.post(
        "/v1/{site}/feedback",
        responses=documented(FeedbackAnswer, "Written down.", problems=_PROBLEMS),
        dependencies=[leave],
    )
    async def feedback(
        site: Site, said: Annotated[Feedback, Body(examples=_EXAMPLES)], key: _Key = None
    ) -> Response:
        """Write down what a visitor did with items; the same key writes once."""
        snapshot = snapshot_of(catalog, site)
        rows = _rows(snapshot, said, _one_key(key, said.idempotency_key))
        unknown = _unknown(snapshot, said)
        try:  # what was written once is answered alike, also when an item has gone since
            stored = await store.write(site, rows, only_known=unknown is not None)
        except FeedbackKeyReusedError as err:
            raise ApiProblemError(
                422, "The key came with something else.", kind="key-reused"
            ) from err
        except FeedbackUnwrittenError as err:
            _log.error("feedback not stored", extra={"fields": {"site": site, "why": str(err)}})
            raise ApiProblemError(
                503,
                "Feedback cannot be written now.",
                kind="not-stored",
                headers={"Retry-After": _RETRY_S},
            ) from err
        if unknown and not stored:
            raise unknown
        answer = FeedbackAnswer(
            site=site, kind=said.kind, stored=len(stored), received_at=stored[0][-1]
        )
        return Response(
            answer.model_dump_json(), headers={"Cache-Control": "no-store"}, media_type=JSON
        )

    return router


def _leave(settings: ServingSettings) -> Callable[[Request], Awaitable[None]]:
    """Check of where a request comes from and how many of them there were."""
    quota = Quota(settings.feedback_per_minute)
    allowed = frozenset(settings.feedback_origins.split())

    async def check(request: Request) -> None:
        headers = request.headers
        if not is_allowed(headers.get("origin"), headers.get("host"), allowed):
            detail = "Pages of this origin may not send feedback here."
            raise ApiProblemError(403, detail, kind="foreign-origin")
        wait_s = math.ceil(quota.wait_s(request.client.host if request.client else ""))
        if wait_s:
            raise ApiProblemError(
                429,
                f"At most {settings.feedback_per_minute} of these a minute.",
                kind="too-often",
                headers={"Retry-After": str(wait_s)},
            )

    return check


def _one_key(header: str | None, field: str | None) -> str:
    key = header or field
    if key is None or (header and field and header != field):
        detail = "must be given once, as the header or as idempotency_key of the body"
        raise invalid_request("header", "Idempotency-Key", detail)
    return key


def _unknown(snapshot: Snapshot, said: Feedback) -> ApiProblemError | None:
    """The fault that names every item that the snapshot does not have."""
    index = snapshot.items.index
    faults = [
        {
            "location": "body",
            "name": f"item_ids.{place}",
            "detail": "is no item of the snapshot",
            "value": name[:100],
        }
        for place, name in enumerate(said.item_ids)
        if name not in index
    ]
    if not faults:
        return None
    detail = f"{len(faults)} of {len(said.item_ids)} items are unknown; nothing was written."
    return ApiProblemError(422, detail, kind="unknown-item", more={"errors": faults})


def _rows(snapshot: Snapshot, said: Feedback, key: str) -> list[Row]:
    hashed, now = request_key(key), int(time.time())
    return [
        (hashed, item_id, said.kind, said.vote, said.visitor, snapshot.snapshot_id, now)
        for item_id in said.item_ids
    ]
