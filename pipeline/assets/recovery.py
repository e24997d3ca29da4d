"""Runs whose process was killed: they are ended, and what they hold is freed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg

from pipeline.dagster_home import living_folder
from pipeline.liveness import is_alive

__all__ = ["end_dead_runs"]

_START_GRACE: Final = timedelta(seconds=180)
_STARTED: Final = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_STARTING: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]


def end_dead_runs(instance: dg.DagsterInstance, data: Path) -> Sequence[str]:
    """End every run in progress that no process holds, and free its pool slots.

    A run that has only just been started may not hold its mark yet: it is left for three minutes.

    Returns
    -------
    ids of the ended runs.
    """
    before = datetime.now(UTC) - _START_GRACE
    filters = [
        dg.RunsFilter(statuses=_STARTED),
        dg.RunsFilter(statuses=_STARTING, updated_before=before),
    ]
    runs = [run for chosen in filters for run in instance.get_runs(filters=chosen)]
    dead = [run for run in runs if not is_alive(living_folder(data), run.run_id)]
    for run in dead:
        _end(instance, run)
    return [run.run_id for run in dead]


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    message = "The process of this run is gone."
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message)
    else:
        instance.report_run_failed(run, message)
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
