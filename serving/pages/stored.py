"""Answers of the API as objects: pages are made of the very bytes that the API sends."""

from __future__ import annotations

from typing import Any

import orjson

from serving.routes.common import item_idx_of
from serving.snapshot import Snapshot

__all__ = ["details_of", "parsed"]


def parsed(body: bytes) -> dict[str, Any]:
    """An answer of the API, taken apart."""
    answer: dict[str, Any] = orjson.loads(body)
    return answer


def details_of(snapshot: Snapshot, item_id: str) -> dict[str, Any]:
    """All that is published of an item.

    Raises
    ------
    ApiProblemError : 404, the site has no such item.
    """
    return parsed(b"{" + snapshot.items.details[item_idx_of(snapshot, item_id)])
