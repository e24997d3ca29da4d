import json
import sys

import pytest

from pipeline.demo import refreshing
from pipeline.demo.refreshing import run_refresh
from pipeline.errors import ProcessError
from pipeline.processes import Children

TOLD = [
    {"run_id": "r1", "crawl_run": "c1"},
    {"says": "likes: 480 rows"},
    {"asset": "likes", "passed": True, "seconds": 1.25, "rows": 1200},
    {"check": "likes: likes_are_sound", "passed": True},
    {"check": "raw_likes: crawl_is_complete", "passed": False},
    {"asset": "snapshot", "passed": True, "seconds": 2.0},
]
CHILD = """
import os, sys
os.write(int(sys.argv[-1]), sys.argv[1].encode())
sys.exit(int(sys.argv[2]))
"""


def _run(tmp_path, monkeypatch, told, code, **more):
    """A refresh by a child that tells and ends as it is told."""
    text = "".join(f"{json.dumps(line)}\n" for line in told)
    folder = tmp_path / "python"
    folder.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c \'{CHILD}\' "$TOLD" {code} "$@"\n')
    folder.chmod(0o755)
    monkeypatch.setattr(refreshing.sys, "executable", str(folder))
    said: list[str] = []
    with Children() as children:
        done = run_refresh(
            children, "sketchfab", {"TOLD": text}, tmp_path / "log", said.append, **more
        )
    return done, said


def test_steps_are_said_and_kept(tmp_path, monkeypatch):
    done, said = _run(tmp_path, monkeypatch, TOLD, 0)
    assert (done.run_id, done.crawl_run) == ("r1", "c1")
    assert done.step_s == {"likes": 1.25, "snapshot": 2.0}
    assert said == [
        "run r1",
        "    likes: 480 rows",
        "  likes                    1.2 s      1,200 rows",
        "  ! raw_likes: crawl_is_complete did not pass",
        "  snapshot                 2.0 s",
    ]


def test_crawl_with_a_bar_of_its_own_is_left_to_it(tmp_path, monkeypatch):
    _, said = _run(tmp_path, monkeypatch, TOLD, 0, has_bar=True)
    assert "    likes: 480 rows" not in said
    assert "run r1" in said


def test_step_that_fails_is_said_before_the_error(tmp_path, monkeypatch):
    failed = [TOLD[0], {"asset": "top_k", "passed": False, "seconds": 0.5}]
    with pytest.raises(ProcessError, match="what was published before stays so"):
        _run(tmp_path, monkeypatch, failed, 1)


def test_refresh_that_tells_nothing_has_failed(tmp_path, monkeypatch):
    with pytest.raises(ProcessError):
        _run(tmp_path, monkeypatch, [], 0)
