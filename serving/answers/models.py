"""Answers about models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot, ListKind

__all__ = [
    "Evaluation",
    "EvaluationDifference",
    "EvaluationSlice",
    "ModelAnswer",
    "ModelCard",
    "ModelDetails",
    "ModelsAnswer",
]


class Measured(Answer):
    """One metric at one list length; low and high end a 95 % interval over users."""

    metric: str
    k: int
    mean: float | None
    low: float | None
    high: float | None
    n_users: int


class Evaluation(Measured):
    """One metric of a model on held-out likes; low and high end a 95 % interval over users."""

    n_users_skipped: int
    split: str
    seed: int
    evaluated_at: datetime


class ModelCard(Answer):
    """A model: how it was fitted, which lists it has, how well it did."""

    model: str
    position: int
    label: str
    sentence: str
    parameters: dict[str, Any]
    seed: int
    threads: int
    fitted_at: datetime
    fit_s: float | None
    data_sha256: str
    model_sha256: str
    lists: list[ListKind]
    evaluation: list[Evaluation]


class EvaluationSlice(Measured):
    """One metric on some of the held-out likes: of some items, or of some people."""

    slice: str = Field(
        description="Items: cold, head (the most liked tenth), tail. People: light, heavy."
    )


class EvaluationDifference(Measured):
    """A model's value less another's, over the same people; better where low is above 0."""

    against: str = Field(
        description="Name of a baseline, or published: the model that was published before."
    )


class ModelDetails(ModelCard):
    """A model with all that is known of how well it does."""

    slices: list[EvaluationSlice]
    differences: list[EvaluationDifference]


class ModelAnswer(FromSnapshot, ModelDetails):
    """One model in full."""

    published_at: datetime | None = Field(description="When the snapshot was published (UTC).")


class ModelsAnswer(FromSnapshot):
    """The models of a site in the order of display; ``defaults`` answer unnamed requests."""

    defaults: dict[ListKind, str]
    models: list[ModelCard]
