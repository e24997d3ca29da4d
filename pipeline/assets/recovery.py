"""Runs whose process was killed: they are ended, and what they hold is freed.

``python -m pipeline.assets.recovery`` does so for the instance of ``DAGSTER_HOME``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg

from pipeline.dagster_home import living_folder
from pipeline.liveness import is_alive
from pipeline.settings import read_settings

__all__ = ["end_dead_runs", "main"]

_START_GRACE: Final = timedelta(seconds=180)
_STARTED: Final = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_STARTING: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]


def main() -> int:
    """End dead runs; 0."""
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance, read_settings().data)
    return 0


def end_dead_runs(instance: dg.DagsterInstance, data: Path) -> Sequence[str]:
    """End every run in progress that no process holds; free the pool slots of ended runs.

    A run that has only just been started may not hold its mark yet: it is left for three minutes.

    Returns
    -------
    ids of the runs that were ended.
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
    _free_slots(instance)
    return [run.run_id for run in dead]


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    message = "The process of this run is gone."
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message)
    else:
        instance.report_run_failed(run, message)


def _free_slots(instance: dg.DagsterInstance) -> None:
    """Free what ended runs still hold: the next run would wait for it for ever."""
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


if __name__ == "__main__":
    sys.exit(main())
