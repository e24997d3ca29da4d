"""What may be asked of a list."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from serving.encoding import MAX_K
from serving.lists.cursor import MAX_CURSOR_LENGTH
from serving.snapshot import GroupKind

__all__ = [
    "MAX_EXCLUDED",
    "MAX_ID_LENGTH",
    "MAX_SLUGS",
    "Cursor",
    "Filters",
    "Grouped",
    "ListQuery",
    "RecommendationsQuery",
    "Recommended",
    "Similar",
    "SimilarQuery",
    "Slugs",
]

MAX_SLUGS: Final = 10
MAX_EXCLUDED: Final = 200
MAX_ID_LENGTH: Final = 512
Slugs = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)], ...],
    Field(max_length=MAX_SLUGS),
]
_Ids = Annotated[
    tuple[Annotated[str, Field(max_length=MAX_ID_LENGTH)], ...], Field(max_length=MAX_EXCLUDED)
]
Cursor = Annotated[
    str | None,
    Field(
        max_length=MAX_CURSOR_LENGTH,
        pattern="^[A-Za-z0-9_-]{16}$",
        description="`next_cursor` of the page before, with the same other parameters.",
    ),
]


class Grouped(BaseModel):
    """How many items, and of which groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    k: int = Field(default=20, ge=1, le=MAX_K, description="Length of the list.")
    tag: Slugs = Field(default=(), description="Slugs of tags; an item must have them all.")
    category: Slugs = Field(
        default=(), description="Slugs of categories; an item must have them all."
    )
    creator: Slugs = Field(
        default=(), description="Slugs of creators; an item must be of them all."
    )

    @property
    def slugs(self) -> tuple[tuple[GroupKind, str], ...]:
        """Every group that an item must be of."""
        return (
            *(("tag", slug) for slug in self.tag),
            *(("category", slug) for slug in self.category),
            *(("creator", slug) for slug in self.creator),
        )


class Filters(Grouped):
    """Which items may be listed, how many, and how unlike each other."""

    model: str | None = Field(
        None,
        max_length=MAX_ID_LENGTH,
        description="Name of a model; without it the site's default that has a list.",
    )
    exclude: _Ids = Field(
        default=(), description="Ids of items to leave out; unknown ones are ignored."
    )
    diversity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="0 keeps the model's order; towards 1 items less like those above them rise.",
    )
    explain: bool = Field(default=False, description="Say of each item what carried it there.")

    @property
    def is_plain(self) -> bool:
        """Whether the published list answers as it stands."""
        return not (
            self.tag
            or self.category
            or self.creator
            or self.exclude
            or self.diversity
            or self.explain
        )


class ListQuery(Filters):
    """A list, or where it goes on."""

    cursor: Cursor = None


class SimilarQuery(ListQuery):
    """A list of items like one item."""


class RecommendationsQuery(ListQuery):
    """A list for one person."""

    exclude_seen: bool = Field(
        default=True, description="Leave out what the person likes already; models never list it."
    )


Similar = Annotated[SimilarQuery, Query()]
Recommended = Annotated[RecommendationsQuery, Query()]
