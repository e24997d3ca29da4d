"""The Dagster UI: a refresh is started and cancelled in it, and Ctrl-C ends everything."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.processes import free_port
from tests.end_to_end.conftest import ROOT, running

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]
CRAWLING_S, CANCELLED_S, STOPPED_S, ENDED_S = 600, 120, 120, 60
LAUNCH = """
mutation($p: ExecutionParams!) {
  launchRun(executionParams: $p) {... on LaunchRunSuccess {run {id}}}
}
"""
CANCEL = "mutation($r: String!) {terminateRun(runId: $r) {__typename}}"
STATUS = "query($r: ID!) {runOrError(runId: $r) {... on Run {status}}}"
JOB = {
    "repositoryLocationName": "likewise",
    "repositoryName": "__repository__",
    "jobName": "refresh_sketchfab",
}  # fmt: skip


@dataclass(frozen=True)
class Ui:
    process: subprocess.Popen[str]
    url: str
    data: Path

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Answer of what the UI itself asks: GraphQL."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.url}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return next(iter(json.load(response)["data"].values()))


def _until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.1)


@pytest.fixture
def ui(tmp_path) -> Iterator[Ui]:
    port = free_port(3300)
    environment = {**os.environ, "LIKEWISE_DATA": str(tmp_path), "LIKEWISE_DAGSTER_PORT": str(port)}
    environment.pop("LIKEWISE_SKETCHFAB_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.ui"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if line.startswith("Ctrl-C"):
                break
        yield Ui(process, f"http://127.0.0.1:{port}", tmp_path)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOPPED_S)
        process.stdout.close()


def test_refresh_is_cancelled_with_no_orphan_and_ctrl_c_ends_the_rest(ui):
    run = ui.ask(LAUNCH, p={"selector": JOB, "mode": "default"})["run"]["id"]
    mark = f"-{run[:8]}"
    _until(lambda: running(mark), CRAWLING_S)
    assert ui.ask(CANCEL, r=run)["__typename"] == "TerminateRunSuccess"
    _until(lambda: ui.ask(STATUS, r=run)["status"] == "CANCELED", CANCELLED_S)
    assert running(mark) == []
    before = time.monotonic()
    ui.process.send_signal(signal.SIGINT)
    assert ui.process.wait(STOPPED_S) == 0
    assert time.monotonic() - before < STOPPED_S
    _until(lambda: running(str(ui.data)) == [], ENDED_S)  # what was killed is gone in a while
