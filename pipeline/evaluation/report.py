"""An evaluation as rows of the snapshot and as a table for people."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from pipeline.evaluation.intervals import Interval
from pipeline.evaluation.protocol import COVERAGE, POPULAR, Evaluation, ModelFigures
from pipeline.tables import SNAPSHOT_TABLES

__all__ = ["evaluation_markdown", "evaluation_rows"]

_COLUMNS: Final = next(
    table.column_names for table in SNAPSHOT_TABLES if table.name == "evaluation"
)
_TYPES: Final[tuple[pl.DataType, ...]] = (
    *(pl.String(), pl.String(), pl.Int32()),
    *(pl.Float64(), pl.Float64(), pl.Float64()),
    *(pl.Int32(), pl.Int32(), pl.String(), pl.Int64(), pl.Datetime("us", "UTC")),
)
_K: Final = 10
_SHOWN: Final = ("NDCG", "Recall", "MAP", "Precision")


def evaluation_rows(evaluation: Evaluation, *, evaluated_at: datetime) -> pl.DataFrame:
    """Rows of the snapshot's table ``evaluation``; a figure that is NaN becomes null.

    Parameters
    ----------
    evaluated_at : aware, in UTC.
    """
    rows = [
        (
            judged.model.name,
            figure.metric,
            figure.k,
            figure.interval.mean,
            figure.interval.low,
            figure.interval.high,
            evaluation.n_users,
            evaluation.n_users_skipped,
            evaluation.split,
            evaluation.seed,
            evaluated_at,
        )
        for judged in evaluation.models
        for figure in judged.figures
        if not np.isnan(figure.interval.mean)
    ]
    return pl.DataFrame(
        rows, schema=dict(zip(_COLUMNS, _TYPES, strict=True)), orient="row"
    ).with_columns(pl.col("low", "high").fill_nan(None))


def evaluation_markdown(evaluation: Evaluation) -> str:
    """Table of every model at k = 10, with what was judged below it."""
    head = ["model", *(f"{metric}@{_K}" for metric in _SHOWN), "NDCG above the first"]
    head += [f"{COVERAGE}@{_K}", f"{POPULAR}@{_K}"]
    lines = [head, ["---"] * len(head), *(_line(judged) for judged in evaluation.models)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return (
        f"{table}\n\n{evaluation.n_users:,} users judged, {evaluation.n_users_skipped:,} skipped "
        f"(too few likes); {evaluation.split} split, seed {evaluation.seed}; all items ranked; "
        "95 % bootstrap intervals over users."
    )


def _line(judged: ModelFigures) -> list[str]:
    return [
        f"{judged.model.label} (`{judged.model.name}`)",
        *(_interval(judged.figure(metric, _K)) for metric in _SHOWN),
        "" if judged.difference is None else _interval(judged.difference),
        f"{judged.figure(COVERAGE, _K).mean:.3f}",
        f"{judged.figure(POPULAR, _K).mean:.3f}",
    ]


def _interval(interval: Interval) -> str:
    return f"{interval.mean:.4f} ({interval.low:.4f} to {interval.high:.4f})"
