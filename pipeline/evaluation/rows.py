"""An evaluation as rows of the snapshot's tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl

from pipeline.dataset.curated import polars_schema
from pipeline.evaluation.figures import Evaluation
from pipeline.evaluation.intervals import Interval
from pipeline.tables import SNAPSHOT_TABLES

__all__ = [
    "EVALUATION_TABLES",
    "difference_rows",
    "empty_rows",
    "evaluation_rows",
    "overlap_rows",
    "slice_rows",
]

EVALUATION: Final = "evaluation"
SLICES: Final = "evaluation_slices"
DIFFERENCES: Final = "evaluation_differences"
OVERLAP: Final = "model_overlap"
EVALUATION_TABLES: Final = (EVALUATION, SLICES, DIFFERENCES, OVERLAP)
"""Tables of the snapshot that an evaluation fills."""

_TABLES: Final = {table.name: table for table in SNAPSHOT_TABLES}


def evaluation_rows(evaluation: Evaluation, *, evaluated_at: datetime) -> pl.DataFrame:
    """Rows of the snapshot's table ``evaluation``; a figure that is NaN becomes null.

    Parameters
    ----------
    evaluated_at : aware, in UTC.
    """
    users = (evaluation.n_users, evaluation.n_users_skipped)
    how = (evaluation.split, evaluation.seed, evaluated_at)
    return _frame(
        EVALUATION,
        (
            (judged.model.name, figure.metric, figure.k, *_ends(figure.interval), *users, *how)
            for judged in evaluation.models
            for figure in judged.figures
        ),
    )


def slice_rows(evaluation: Evaluation) -> pl.DataFrame:
    """Rows of the table ``evaluation_slices``; a slice of nobody has none."""
    return _frame(
        SLICES,
        (
            (judged.model.name, row.slice, row.metric, row.k, *_ends(row.interval), row.n_users)
            for judged in evaluation.models
            for row in judged.slices
        ),
    )


def difference_rows(evaluation: Evaluation) -> pl.DataFrame:
    """Rows of the table ``evaluation_differences``."""
    return _frame(
        DIFFERENCES,
        (
            (row.model, row.against, row.metric, row.k, *_ends(row.interval), row.n_users)
            for row in evaluation.differences
        ),
    )


def overlap_rows(evaluation: Evaluation) -> pl.DataFrame:
    """Rows of the table ``model_overlap``."""
    return _frame(OVERLAP, (astuple(row) for row in evaluation.overlaps), value="share")


def empty_rows(table: str) -> pl.DataFrame:
    """No rows, with the columns of the table."""
    return pl.DataFrame(schema=polars_schema(_TABLES[table]))


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high


def _frame(table: str, rows: Iterable[tuple[Any, ...]], *, value: str = "mean") -> pl.DataFrame:
    """Rows whose value is known; other unknown figures become null."""
    schema = polars_schema(_TABLES[table])
    at = list(schema).index(value)
    known = [row for row in rows if not np.isnan(row[at])]
    floats = [name for name, kind in schema.items() if kind == pl.Float64]
    frame = pl.DataFrame(known, schema=schema, orient="row")
    return frame.with_columns(pl.col(floats).fill_nan(None))
