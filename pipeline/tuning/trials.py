"""The record of a choice: every setting that was scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from pipeline.recommenders.base import Recommender

__all__ = ["TRIAL_SCHEMA", "Trial", "trial_frame"]

TRIAL_SCHEMA: Final = {
    "model": pl.String,
    "parameters": pl.String,
    "ndcg_at_20": pl.Float64,
    "n_users": pl.Int32,
    "fit_s": pl.Float64,
    "elapsed_s": pl.Float64,
    "chosen": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and its score on the validation likes.

    Attributes
    ----------
    parameters : as JSON.
    fit_s : seconds of its fit, or of the part since the look before.
    elapsed_s : since the choice began.
    """

    model: str
    parameters: str
    ndcg_at_20: float
    n_users: int
    fit_s: float
    elapsed_s: float

    @classmethod
    def of(
        cls, settings: Recommender, score: float, n_users: int, fit_s: float, elapsed_s: float
    ) -> Trial:
        """The trial of these settings."""
        parameters = json.dumps(settings.parameters)
        return cls(settings.name, parameters, score, n_users, fit_s, elapsed_s)


def trial_frame(trials: Sequence[Trial], chosen: Sequence[Recommender]) -> pl.DataFrame:
    """Rows by `TRIAL_SCHEMA`; of each chosen model the first best trial is marked."""
    wanted = {model.name: json.dumps(model.parameters) for model in chosen}
    found: dict[str, Trial] = {}
    for trial in trials:
        best = found.get(trial.model)
        fits = wanted.get(trial.model) == trial.parameters
        if fits and (best is None or trial.ndcg_at_20 > best.ndcg_at_20):
            found[trial.model] = trial
    rows = [{**asdict(trial), "chosen": found.get(trial.model) is trial} for trial in trials]
    return pl.DataFrame(rows, schema=TRIAL_SCHEMA)
