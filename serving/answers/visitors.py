"""Answers for visitors who are known by a few items alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.answers.base import Answer
from serving.answers.items import ListAnswer

__all__ = ["Method", "UsedPart", "VisitorAnswer"]

Method = Literal["weights", "profile", "factors", "blend", "lists", "popular"]


class UsedPart(Answer):
    """A model whose weights, factors or lists scored the visitor."""

    model: str
    weight: float = Field(description="Of its z-scores in the sum; 1 where it scored alone.")


class VisitorAnswer(ListAnswer):
    """Items for a visitor, best first, none of those that were sent."""

    method: Method = Field(
        description="How they were scored: a model's item weights, a profile of tags, a solve "
        "against factors, several of these as z-scores, item lists summed, or by popularity alone."
    )
    parts: list[UsedPart] = Field(description="What was summed; none for popular.")
    unknown_ids: list[str] = Field(description="Ids that were sent and that the site has not.")
