"""Examples of the OpenAPI document: values of parameters by name, answers by schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["ANSWERS", "PARAMETERS"]

_USER_ID: Final = "5f1b0c6a4d3e2f10897a6b5c4d3e2f10"
_SNAPSHOT: Final[Mapping[str, Any]] = {
    "site": "sketchfab",
    "snapshot_id": "20261121T035501Z-7a8329",
    "generated_at": "2026-11-21T03:55:01Z",
}
_CARD: Final[Mapping[str, Any]] = {
    "item_id": "item-003",
    "title": "Red boat",
    "creator": "Artist 1",
    "license": "CC0",
    "like_count": 10,
    "url": "https://site.example/3d-models/item-003",
    "embed_url": "https://site.example/models/item-003/embed",
    "thumbnails": [{"url": "https://site.example/item-003.webp", "width": 320, "height": 180}],
    "tags": ["boat", "cat"],
}
_ITEMS: Final = [{"rank": 1, "score": 0.97, "source": "lightfm_cf", **_CARD}]
_PAGE: Final[Mapping[str, Any]] = {"items": _ITEMS, "next_cursor": None}
_FAULT: Final[Mapping[str, str]] = {
    "location": "query",
    "name": "k",
    "detail": "Input should be less than or equal to 100",
    "value": "500",
}

PARAMETERS: Final[Mapping[str, Any]] = {
    "site": "sketchfab",
    "item_id": "item-003",
    "user_id": _USER_ID,
    "slug": "cat",
    "model": "lightfm_cf",
    "models": "popular,tag_profile",
    "ids": ["item-003", "item-004"],
    "exclude": ["item-005"],
    "tag": ["cat"],
    "category": ["animals"],
    "creator": ["artist-1"],
    "k": 5,
    "diversity": 0.3,
    "explain": True,
    "exclude_seen": True,
    "seed": 7,
    "q": "red baot",
    "url": "item-003",
    "Idempotency-Key": "6f1c2a54-2a0b-4f0e-9d3e-5c2b8f0e9a11",
}
ANSWERS: Final[Mapping[str, Any]] = {
    "BrowseAnswer": {**_SNAPSHOT, "order": "popular", **_PAGE},
    "SimilarAnswer": {**_SNAPSHOT, "model": "lightfm_cf", "item_id": "item-004", **_PAGE},
    "RecommendationsAnswer": {**_SNAPSHOT, "model": "lightfm_cf", "user_id": _USER_ID, **_PAGE},
    "SearchAnswer": {**_SNAPSHOT, "q": "red baot", **_PAGE},
    "Problem": {
        "type": "/docs#invalid-request",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": f"k: {_FAULT['detail']}",
        "errors": [_FAULT],
    },
}
