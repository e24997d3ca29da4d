"""Answers about items and lists of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot

__all__ = [
    "Card",
    "ItemAnswer",
    "ItemDetails",
    "ListedItem",
    "RecommendationsAnswer",
    "SimilarAnswer",
    "Thumbnail",
]


class Thumbnail(Answer):
    """A picture of an item; width and height in pixels."""

    url: str
    width: int | None
    height: int | None


class Card(Answer):
    """What a list shows of an item."""

    item_id: str = Field(description="The site's opaque id; percent-encode it in a path.")
    title: str | None
    creator: str | None
    license: str | None
    like_count: int
    url: str | None
    embed_url: str | None
    thumbnails: list[Thumbnail]
    tags: list[str]


class ItemDetails(Card):
    """All that is published of an item."""

    categories: list[str]
    published_at: datetime | None
    first_seen_at: datetime


class ListedItem(Card):
    """An item of a list: its place, its score and its card."""

    rank: int = Field(ge=1, description="Place in the list, from 1.")
    score: float = Field(description="Best first; comparable within one list only.")


class ItemAnswer(FromSnapshot, ItemDetails):
    """One item."""


class SimilarAnswer(FromSnapshot):
    """Items like one item, best first, never itself."""

    model: str
    item_id: str
    items: list[ListedItem]


class RecommendationsAnswer(FromSnapshot):
    """Items for one person, best first, nothing they like already."""

    model: str
    user_id: str
    items: list[ListedItem]
