"""A crawl whose run is killed outright flushes what it holds and is gone."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pipeline.processes import Children
from pipeline.stand_in import StandIn, start_stand_in
from scrapers.records import RunStatus, read_manifest
from tests.end_to_end.conftest import ROOT, running

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]
START_S, GONE_S = 600, 60


def _crawls(run: str) -> list[str]:
    return running(f"run_id={run}")


def _until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.1)


def _manifest(data: Path):
    folders = list(data.glob("raw/sketchfab/items/*"))
    return read_manifest(folders[0]) if folders else None


def test_killed_run_leaves_no_crawl_behind(tmp_path):
    data = tmp_path / "data"
    with Children() as children:
        site = start_stand_in(children, StandIn(), tmp_path)
        run = children.start(
            "the refresh",
            [sys.executable, "-m", "pipeline.assets.refresh", "sketchfab"],
            {**site, "LIKEWISE_DATA": str(data), "PYTHONPATH": str(ROOT)},
            tmp_path / "refresh.log",
        )
        _until(lambda: (manifest := _manifest(data)) and manifest.parts, START_S)
        name = _manifest(data).run_id
        assert _crawls(name)
        os.kill(run.process.pid, signal.SIGKILL)
        _until(lambda: not _crawls(name), GONE_S)
        assert _manifest(data).status is RunStatus.PARTIAL
