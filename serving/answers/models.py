"""Answers about models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from serving.answers.base import Answer, FromSnapshot, ListKind

__all__ = [
    "Evaluation",
    "ModelCard",
    "ModelsAnswer",
]


class Evaluation(Answer):
    """One metric of a model on held-out likes; low and high end a 95 % interval over users."""

    metric: str
    k: int
    mean: float | None
    low: float | None
    high: float | None
    n_users: int
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


class ModelsAnswer(FromSnapshot):
    """The models of a site in the order of display; ``defaults`` answer unnamed requests."""

    defaults: dict[ListKind, str]
    models: list[ModelCard]
