"""Names of the columns that frames share, spelt as in the two doors (a test compares)."""

from __future__ import annotations

from typing import Final

USER_ID: Final = "user_id"
ITEM_ID: Final = "item_id"
WEIGHT: Final = "weight"
LIKED_AT: Final = "liked_at"
CRAWLED_AT: Final = "crawled_at"
FIRST_SEEN_AT: Final = "first_seen_at"
LAST_SEEN_AT: Final = "last_seen_at"
GONE_AT: Final = "gone_at"
KEY_ID: Final = "key_id"
PART: Final = "part"
FEATURE: Final = "feature"

KIND: Final = "kind"
KEY: Final = "key"
CRAWL_ID: Final = "crawl_id"
BEGAN_AT: Final = "began_at"
ENDED_AT: Final = "ended_at"
WHY: Final = "why"

TITLE: Final = "title"
CREATOR: Final = "creator"
LICENSE: Final = "license"
URL: Final = "url"
EMBED_URL: Final = "embed_url"
PUBLISHED_AT: Final = "published_at"
THUMBNAILS: Final = "thumbnails"
TAGS: Final = "tags"
CATEGORIES: Final = "categories"
ANNOUNCED_LIKE_COUNT: Final = "announced_like_count"
LIKE_COUNT: Final = "like_count"

PAIR: Final = (USER_ID, ITEM_ID)
"""What makes an interaction unique."""
