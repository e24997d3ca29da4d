"""Dagster's web server and daemon as a child process on loopback."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from pipeline.dagster_home import ROOT, dagster_environment
from pipeline.errors import ProcessError
from pipeline.processes import Child, Children, free_port

__all__ = ["answers", "start_dagster", "wait_until_up"]

_HOST: Final = "127.0.0.1"
_POLL_S: Final = 0.2
_UP_WITHIN_S: Final = 120.0
_REQUEST_TIMEOUT_S: Final = 10.0


def start_dagster(
    children: Children, data: Path, environment: Mapping[str, str], *, port: int
) -> tuple[Child, str]:
    """Start the UI and the daemon of a data folder; returns the process and its url.

    Runs whose process was killed are ended first.

    Parameters
    ----------
    port : asked for first; the next free one where it is taken.
    """
    python = [sys.executable, "-W", "ignore", "-m"]
    environment = {**dagster_environment(data), **environment, "PYTHONPATH": str(ROOT)}
    log = data / "logs" / "dagster.log"
    recovery = [*python, "pipeline.assets.recovery"]
    children.start("the recovery of dead runs", recovery, environment, log).process.wait()
    free = free_port(port)
    options = ["-w", str(ROOT / "workspace.yaml"), "-h", _HOST, "-p", str(free)]
    command = [*python, "dagster", "dev", *options]
    child = children.start("Dagster", command, environment, log)
    return child, f"http://{_HOST}:{free}"


def wait_until_up(child: Child, url: str) -> None:
    """Return once the child answers.

    Raises
    ------
    ProcessError : it ended, or did not answer within two minutes.
    """
    deadline = time.monotonic() + _UP_WITHIN_S
    while not answers(url):
        child.check_runs()
        if time.monotonic() > deadline:
            raise ProcessError(f"{child.name} does not answer at {url}; see {child.log}")
        time.sleep(_POLL_S)


def answers(url: str) -> bool:
    """Whether the url gives status 200."""
    try:
        with urllib.request.urlopen(url, timeout=_REQUEST_TIMEOUT_S) as response:  # noqa: S310
            return bool(response.status == HTTPStatus.OK)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
