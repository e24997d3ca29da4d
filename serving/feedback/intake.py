"""The one way in for feedback, from programs and from the website's own pages."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from typing import Final

from fastapi import Request

from serving.errors import ApiProblemError, FeedbackKeyReusedError, FeedbackUnwrittenError
from serving.feedback.events import Feedback, request_key
from serving.feedback.origins import is_allowed
from serving.feedback.quota import Quota
from serving.feedback.store import FeedbackStore, Row
from serving.settings import ServingSettings
from serving.snapshot import Snapshot

__all__ = ["Intake", "has_leave"]

_log = logging.getLogger(__name__)
_RETRY_S: Final = "5"


class Intake:
    """Checks whose feedback it is and that it is about something known, and writes it down."""

    def __init__(self, settings: ServingSettings) -> None:
        self._store = FeedbackStore(settings.data)
        self._quota = Quota(settings.feedback_per_minute)
        self._per_minute = settings.feedback_per_minute
        own = [settings.public_url] if settings.public_url else []
        self._allowed = frozenset([*settings.feedback_origins.split(), *own])

    def check(self, request: Request) -> None:
        """Pass if the page that sends it may, and there were not too many of its client's.

        Raises
        ------
        ApiProblemError : 403 or 429.
        """
        headers = request.headers
        if not is_allowed(headers.get("origin"), headers.get("host"), self._allowed):
            detail = "Pages of this origin may not send feedback here."
            raise ApiProblemError(403, detail, kind="foreign-origin")
        wait_s = math.ceil(self._quota.wait_s(request.client.host if request.client else ""))
        if wait_s:
            raise ApiProblemError(
                429,
                f"At most {self._per_minute} of these a minute.",
                kind="too-often",
                headers={"Retry-After": str(wait_s)},
            )

    async def take(self, snapshot: Snapshot, said: Feedback, key: str) -> Sequence[Row]:
        """Rows as they stand on disk; the same key writes once.

        What was written once is answered alike, also when an item has gone since.

        Raises
        ------
        ApiProblemError : 422, unknown items or model, or a key that came with something else;
            503, it cannot be written now.
        """
        unknown = _unknown(snapshot, said)
        rows = _rows(snapshot, said, key)
        site = snapshot.site.site
        try:
            stored = await self._store.write(site, rows, only_known=unknown is not None)
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
        return stored


async def has_leave(request: Request) -> None:
    """Dependency of routes that take feedback in: `Intake.check` of the app's one intake."""
    intake: Intake = request.app.state.intake
    intake.check(request)


def _unknown(snapshot: Snapshot, said: Feedback) -> ApiProblemError | None:
    """The fault that names every item, and the model, that the snapshot does not have."""
    index = snapshot.items.index
    faults = [
        _fault(f"item_ids.{place}", "is no item of the snapshot", name)
        for place, name in enumerate(said.item_ids)
        if name not in index
    ]
    if faults:
        detail = f"{len(faults)} of {len(said.item_ids)} items are unknown; nothing was written."
        return ApiProblemError(422, detail, kind="unknown-item", more={"errors": faults})
    if said.model is not None and said.model not in {one.model for one in snapshot.models}:
        fault = _fault("model", "is no model of the snapshot", said.model)
        detail = "The model is unknown; nothing was written."
        return ApiProblemError(422, detail, kind="invalid-request", more={"errors": [fault]})
    return None


def _fault(name: str, detail: str, value: str) -> dict[str, str]:
    return {"location": "body", "name": name, "detail": detail, "value": value[:100]}


def _rows(snapshot: Snapshot, said: Feedback, key: str) -> list[Row]:
    hashed, now, snapshot_id = request_key(key), int(time.time()), snapshot.snapshot_id
    return [
        (hashed, item_id, said.kind, said.vote, said.visitor, snapshot_id, now, said.model)
        for item_id in said.item_ids
    ]
