"""A crawl that is cancelled stops, lands what it holds and leaves no process behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import dagster as dg
import pytest

from pipeline.assets.recovery import end_dead_runs
from scrapers.records import RawTable, RunStatus, read_manifest
from tests.pipeline.assets.conftest import ROOT, Workbench

STOP_S = 60
START_S = 60


def _lives(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] not in {"", "Z"}


def _wait(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.05)


@pytest.fixture
def running(workbench, monkeypatch) -> Iterator[tuple[Workbench, subprocess.Popen[bytes], int]]:
    """A run in a process of its own whose crawl waits; and the crawl's process id."""
    monkeypatch.setenv("FAKE_CRAWL", "wait")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.assets.materialize_waiting"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    mark = workbench.data / "waiting.json"
    pid = 0
    try:
        _wait(lambda: mark.exists() and mark.read_text() != "", START_S)
        pid = json.loads(mark.read_text())
        yield workbench, process, pid
    finally:
        process.kill()
        process.wait()
        if pid and _lives(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelled_crawl_lands_what_it_holds_and_ends(running, number):
    bench, process, pid = running
    process.send_signal(number)
    _wait(lambda: not _lives(pid), STOP_S)
    process.wait(START_S)  # Dagster's own end of the run takes what the machine gives it
    (folder,) = (bench.data / "raw" / "sketchfab" / RawTable.ITEMS).iterdir()
    manifest = read_manifest(folder)
    assert manifest.status is RunStatus.PARTIAL
    assert manifest.rows > 0
    (run,) = bench.instance.get_runs()
    assert run.status is dg.DagsterRunStatus.CANCELED or run.status is dg.DagsterRunStatus.FAILURE
    kinds = {
        record.event_log_entry.dagster_event_type
        for record in bench.instance.get_records_for_run(run.run_id).records
    }
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in kinds


def test_run_that_is_killed_is_ended_and_its_pool_slot_freed(running):
    bench, process, pid = running
    storage = bench.instance.event_log_storage
    (run,) = bench.instance.get_runs()
    assert end_dead_runs(bench.instance, bench.data) == []
    process.kill()
    process.wait()
    os.kill(pid, signal.SIGINT)
    assert storage.get_concurrency_run_ids() == {run.run_id}
    assert end_dead_runs(bench.instance, bench.data) == [run.run_id]
    assert bench.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
    assert storage.get_concurrency_run_ids() == set()
