"""One run of the demo on a tiny world, shared by every test of this folder."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.world import write_world

ROOT = Path(__file__).parent.parent.parent
SETTINGS = {
    "LIKEWISE_TUNE_BUDGET_S": "3",
    "LIKEWISE_THREADS": "1",
    "LIKEWISE_LIST_LENGTH": "10",
}


@dataclass(frozen=True)
class Demo:
    data: Path
    output: str
    summary: dict[str, Any]


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    world, data = write_world(folder / "tiny"), folder / "data"
    command = [sys.executable, "-m", "pipeline.demo", "--no-serve", "--like-floor", "0"]
    done = subprocess.run(
        [*command, "--world", str(world)],
        env={**os.environ, **SETTINGS, "LIKEWISE_DATA": str(data)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    logs = "".join(path.read_text()[-5000:] for path in data.glob("logs/*.log"))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logs}"
    (summary,) = data.glob("runs/*/summary.json")
    return Demo(data, done.stdout, json.loads(summary.read_text()))


def running(mark: str) -> list[str]:
    """Command lines, in full, of the processes that have the mark in it."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    return [line for line in listed.stdout.splitlines() if mark in line]
