"""Answers about items and lists of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot

__all__ = [
    "Because",
    "Card",
    "ItemAnswer",
    "ItemDetails",
    "ListAnswer",
    "ListedItem",
    "RecommendationsAnswer",
    "SimilarAnswer",
    "Thumbnail",
]

ReasonKind = Literal["item", "tag", "category", "creator", "rest"]


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


class Because(Answer):
    """What gave a part of a score; several likes or tags together where they have no name."""

    kind: ReasonKind = Field(
        description="A liked item; a tag, category or creator; or the rest: what is neither, as "
        "what was learned of the item itself."
    )
    item_id: str | None = Field(None, description="The liked item.")
    title: str | None = None
    tag: str | None = Field(None, description="Name of the tag, category or creator of the item.")
    part: float = Field(description="The parts of an item add up to its score.")
    n: int = Field(ge=0, description="How many likes or tags it stands for; 0 for the rest.")


class ListedItem(Card):
    """An item of a list: its place, its score, where it is from, and its card."""

    rank: int = Field(ge=1, description="Place in the list over all pages, from 1.")
    score: float | None = Field(
        description="Comparable within one list only; null where the item was filled in."
    )
    source: str = Field(description="The model, or popular where the item was filled in.")
    because: list[Because] | None = Field(
        None, description="With explain: what carried it; null where nothing can be said."
    )


class ListAnswer(FromSnapshot):
    """One page of a list of a model, filled with popular items where the model's ends."""

    model: str
    explainable: bool | None = Field(
        None, description="With explain: whether the scores are sums that can be told apart."
    )
    items: list[ListedItem]
    next_cursor: str | None = Field(description="Cursor of the next page; null at the end.")


class ItemAnswer(FromSnapshot, ItemDetails):
    """One item."""


class SimilarAnswer(ListAnswer):
    """Items like one item, best first, never itself."""

    item_id: str


class RecommendationsAnswer(ListAnswer):
    """Items for one person, best first, nothing they like already."""

    user_id: str
