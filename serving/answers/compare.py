"""Two models' lists beside each other."""

from __future__ import annotations

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot
from serving.answers.items import Card

__all__ = ["CompareAnswer", "ComparedItem", "ComparedRow"]


class ComparedItem(Card):
    """An item of one list, and where the other list has it."""

    score: float
    other_rank: int | None = Field(
        description="Its place in the other list; null where that has it not."
    )


class ComparedRow(Answer):
    """What both models list at one rank; null where a list has ended."""

    rank: int
    items: list[ComparedItem | None] = Field(
        min_length=2, max_length=2, description="One of each model, as in models."
    )


class CompareAnswer(FromSnapshot):
    """Published lists of two models for one item or person, rank by rank."""

    item_id: str | None
    user_id: str | None
    models: list[str] = Field(min_length=2, max_length=2)
    k: int
    n_common: int = Field(description="Items that both lists have.")
    overlap: float | None = Field(
        description="Their share of the longer list; null where both lists are empty."
    )
    rows: list[ComparedRow]
