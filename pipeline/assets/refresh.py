"""``python -m pipeline.assets.refresh SITE``: a whole refresh in this process, told as it goes.

The run stands in Dagster's storage like any other.  With ``--progress-fd`` one JSON object a
line tells of the run (``run_id``, ``crawl_run``), of each asset that has ended (``asset``,
``passed``, ``seconds`` and, where it has them, ``rows``), of each check (``check``, ``passed``)
and of what a crawl says as it goes (``says``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import dagster as dg

from pipeline.assets.crawls import crawl_name
from pipeline.assets.factory import definitions_of
from pipeline.assets.recovery import end_dead_runs
from pipeline.dagster_home import dagster_home, prepare_home
from pipeline.settings import read_settings
from pipeline.sites import SITES, Site

__all__ = ["Tell", "main", "refresh"]

Tell = Callable[[Mapping[str, Any]], None]
_POLL_S: Final = 0.3
_ROWS: Final = "dagster/row_count"
_PIPES: Final = "[pipes]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Refresh a site; 0 when every step passed, else 1."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.assets.refresh")
    parser.add_argument("site", choices=sorted(SITES))
    parser.add_argument("--progress-fd", type=int)
    options = parser.parse_args(arguments)
    data = read_settings().data.resolve()
    prepare_home(data)
    os.environ["DAGSTER_HOME"] = str(dagster_home(data))
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance, data)
        passed = refresh(instance, SITES[options.site], _teller(options.progress_fd))
    return 0 if passed else 1


def refresh(instance: dg.DagsterInstance, site: Site, tell: Tell) -> bool:
    """Whether every step of ``refresh_<site>`` passed, blocking checks included."""
    job = definitions_of([site]).resolve_job_def(f"refresh_{site.identifier}")
    run_id = str(uuid.uuid4())
    with _told(instance, run_id, site, tell):
        result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    return bool(result.success)


def _teller(descriptor: int | None) -> Tell:
    def tell(what: Mapping[str, Any]) -> None:
        if descriptor is not None:
            os.write(descriptor, f"{json.dumps(what)}\n".encode())

    return tell


@contextmanager
def _told(instance: dg.DagsterInstance, run_id: str, site: Site, tell: Tell) -> Iterator[None]:
    """Tell of the run's events while the block runs, and of the last ones after it."""
    follower = _Follower(instance, run_id, site, tell)
    done = threading.Event()

    def follow() -> None:
        while not done.wait(_POLL_S):
            follower.look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        follower.look()


class _Follower:
    """Reads a run's events from where it last stopped."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str, site: Site, tell: Tell) -> None:
        self._instance = instance
        self._run_id = run_id
        self._prefix = f"{site.identifier}__"
        self._tell = tell
        self._cursor: str | None = None
        self._rows: dict[str, int] = {}
        self._started_at: dict[str, float] = {}

    def look(self) -> None:
        """Tell of what happened since the last look."""
        if self._cursor is None and not self._begun():
            return
        found = self._instance.get_records_for_run(self._run_id, cursor=self._cursor)
        self._cursor = found.cursor
        for record in found.records:
            entry = record.event_log_entry
            if entry.dagster_event is not None:
                self._handle(entry.dagster_event, record.timestamp)
            elif entry.step_key is not None and not entry.user_message.startswith(_PIPES):
                self._tell({"says": entry.user_message})

    def _begun(self) -> bool:
        record = self._instance.get_run_record_by_id(self._run_id)
        if record is None:
            return False
        self._tell({"run_id": self._run_id, "crawl_run": crawl_name(record)})
        return True

    def _handle(self, event: dg.DagsterEvent, timestamp: float) -> None:
        asset = str(event.step_key).removeprefix(self._prefix)
        match event.event_type:
            case dg.DagsterEventType.STEP_START:
                self._started_at[asset] = timestamp
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                rows = event.step_materialization_data.materialization.metadata.get(_ROWS)
                self._rows[asset] = -1 if rows is None else int(str(rows.value))
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                check = event.asset_check_evaluation_data
                name = f"{check.asset_key.path[-1]}: {check.check_name}"
                self._tell({"check": name, "passed": check.passed})
            case dg.DagsterEventType.STEP_SUCCESS | dg.DagsterEventType.STEP_FAILURE as ended:
                self._ended(asset, timestamp, passed=ended is dg.DagsterEventType.STEP_SUCCESS)

    def _ended(self, asset: str, timestamp: float, *, passed: bool) -> None:
        """Tell of a step's end; a check's step has told its result already."""
        if passed and asset not in self._rows:
            return
        seconds = round(timestamp - self._started_at.get(asset, timestamp), 2)
        rows = self._rows.get(asset, -1)
        more = {"rows": rows} if rows >= 0 else {}
        self._tell({"asset": asset, "passed": passed, "seconds": seconds, **more})


if __name__ == "__main__":
    sys.exit(main())
