"""Answers to those who look around: orders, search, groups, links."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot
from serving.answers.items import ItemDetails, ListedItem

__all__ = [
    "BrowseAnswer",
    "Completion",
    "CompletionsAnswer",
    "GroupAnswer",
    "GroupCard",
    "GroupItemsAnswer",
    "GroupsAnswer",
    "ItemsAnswer",
    "RandomAnswer",
    "ResolveAnswer",
    "SearchAnswer",
]


class _Listing(FromSnapshot):
    items: list[ListedItem]
    next_cursor: str | None = Field(description="Cursor of the next page; null at the end.")


class BrowseAnswer(_Listing):
    """One page of all items in an order; by popularity their score is the count of likes."""

    order: Literal["popular", "trending", "latest"]


class RandomAnswer(_Listing):
    """One page of all items in the random order that the seed names."""

    order: Literal["random"]
    seed: int = Field(description="The same seed and snapshot give the same order.")


class SearchAnswer(_Listing):
    """One page of what a search has found, best first; scores are between 0 and 1."""

    q: str


class Completion(Answer):
    """Something that a beginning may become; a tag or creator has a slug, an item an id."""

    kind: Literal["tag", "creator", "item"]
    text: str
    slug: str | None
    item_id: str | None


class CompletionsAnswer(FromSnapshot):
    """What a beginning may become, the likeliest first."""

    q: str
    completions: list[Completion]


class GroupCard(Answer):
    """A tag, category or creator; its slug stands in paths and filters."""

    slug: str
    name: str
    item_count: int
    like_count: int = Field(description="Likes of its items, the shown ones alone.")


class GroupsAnswer(FromSnapshot):
    """One page of tags, categories or creators, the most liked first."""

    kind: Literal["tag", "category", "creator"]
    groups: list[GroupCard]
    next_cursor: str | None = Field(description="Cursor of the next page; null at the end.")


class GroupAnswer(FromSnapshot, GroupCard):
    """One tag, category or creator."""

    kind: Literal["tag", "category", "creator"]


class GroupItemsAnswer(_Listing):
    """One page of the items of a tag, category or creator, the most liked first."""

    kind: Literal["tag", "category", "creator"]
    slug: str
    name: str


class ItemsAnswer(FromSnapshot):
    """Items by their ids, in the order in which they were asked for, each once."""

    items: list[ItemDetails]
    unknown: list[str] = Field(description="Ids that the snapshot does not have.")


class ResolveAnswer(FromSnapshot, ItemDetails):
    """The item that a link names."""

    matched: str = Field(description="The form of the link, or item_id where it was an id.")
