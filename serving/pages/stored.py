"""Answers of the API as objects: pages are made of the very bytes that the API sends."""

from __future__ import annotations

from typing import Any

import orjson

from serving.pages.links import DOTS
from serving.routes.common import item_idx_of
from serving.snapshot import Snapshot

__all__ = ["details_of", "known_id", "parsed"]


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


def known_id(snapshot: Snapshot, asked: str) -> str:
    """Id of the item that the path of a page names.

    Raises
    ------
    ApiProblemError : 404, the site has no such item.
    """
    dots = next((dots for dots, encoded in DOTS.items() if encoded == asked), asked)
    item_id = dots if asked not in snapshot.items.index else asked
    item_idx_of(snapshot, item_id)
    return item_id
