"""The record of a choice: every setting that was scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from pipeline.recommenders.base import Recommender
from pipeline.tuning.judge import Judge

__all__ = ["TRIAL_SCHEMA", "Trial", "trial_frame"]

TRIAL_SCHEMA: Final = {
    "model": pl.String,
    "parameters": pl.String,
    "ndcg_at_20": pl.Float64,
    "ranked": pl.String,
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
    ranked : which items the score is of: all, or new ones among themselves.
    fit_s : seconds of its fit, or of the part since the look before.
    elapsed_s : since the choice began.
    """

    model: str
    parameters: str
    ndcg_at_20: float
    ranked: str
    n_users: int
    fit_s: float
    elapsed_s: float

    @classmethod
    def of(
        cls, settings: Recommender, score: float, judge: Judge, fit_s: float, elapsed_s: float
    ) -> Trial:
        """The trial of these settings."""
        parameters, n_users = json.dumps(settings.parameters), len(judge.users)
        return cls(settings.name, parameters, score, judge.ranked, n_users, fit_s, elapsed_s)

    @property
    def key(self) -> tuple[str, str, str]:
        """What was tried, and on which items."""
        return self.model, self.parameters, self.ranked


def trial_frame(trials: Sequence[Trial], chosen: Sequence[Recommender]) -> pl.DataFrame:
    """Rows by `TRIAL_SCHEMA`; of all that was chosen the first best trial is marked."""
    wanted = {(model.name, json.dumps(model.parameters)) for model in chosen}
    found: dict[tuple[str, str, str], Trial] = {}
    for trial in trials:
        best = found.get(trial.key)
        if trial.key[:2] in wanted and (best is None or trial.ndcg_at_20 > best.ndcg_at_20):
            found[trial.key] = trial
    rows = [{**asdict(trial), "chosen": found.get(trial.key) is trial} for trial in trials]
    return pl.DataFrame(rows, schema=TRIAL_SCHEMA)
