"""Files of a site's evaluation, from the step that judges to the step that publishes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.evaluation.figures import Evaluation
from pipeline.evaluation.rows import (
    DIFFERENCES,
    EVALUATION,
    OVERLAP,
    SLICES,
    difference_rows,
    empty_rows,
    evaluation_rows,
    overlap_rows,
    slice_rows,
)
from pipeline.files import write_frames

__all__ = ["evaluation_path", "read_evaluation_details", "write_evaluation"]

_DETAILS = (SLICES, DIFFERENCES, OVERLAP)


def evaluation_path(data: Path, site: str, table: str = EVALUATION) -> Path:
    """File of one table of a site's evaluation, whether it exists or not."""
    return data / "models" / site / f"{table}.parquet"


def write_evaluation(
    data: Path, site: str, evaluation: Evaluation, evaluated_at: datetime
) -> Mapping[str, pl.DataFrame]:
    """Replace a site's evaluation, each table whole; returns them by name.

    Parameters
    ----------
    evaluated_at : aware, in UTC.
    """
    frames = {
        EVALUATION: evaluation_rows(evaluation, evaluated_at=evaluated_at),
        SLICES: slice_rows(evaluation),
        DIFFERENCES: difference_rows(evaluation),
        OVERLAP: overlap_rows(evaluation),
    }
    write_frames({evaluation_path(data, site, name): frame for name, frame in frames.items()})
    return frames


def read_evaluation_details(data: Path, site: str) -> Mapping[str, pl.DataFrame]:
    """Slices, differences and overlap by the names of their tables.

    An evaluation that was made before there were such files gives no rows.
    """
    found = {}
    for name in _DETAILS:
        path = evaluation_path(data, site, name)
        found[name] = pl.read_parquet(path) if path.exists() else empty_rows(name)
    return found
