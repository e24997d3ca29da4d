import os
import subprocess
from types import SimpleNamespace

import pytest

from scrapers import chromium


@pytest.mark.parametrize(("user", "is_sandboxed"), [(0, False), (1000, True)])
def test_only_root_goes_without_a_sandbox(monkeypatch, user, is_sandboxed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert chromium.is_sandboxed() is is_sandboxed
    assert "--no-sandbox" not in chromium.launch_flags()


@pytest.mark.parametrize(
    ("user", "works_sandboxed", "flags"),
    [(0, True, [True]), (1000, True, [False]), (1000, False, [False, True])],
)
def test_browser_is_tried_sandboxed_first(monkeypatch, user, works_sandboxed, flags):
    tried = []

    def run(command, **_):
        tried.append("--no-sandbox" in command)
        return SimpleNamespace(stdout="<p>likewise" if works_sandboxed or tried[-1] else "")

    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(subprocess, "run", run)
    assert chromium.renders("/opt/chromium")
    assert tried == flags


def test_program_that_draws_nothing_is_no_browser(tmp_path):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    assert not chromium.renders(str(program))
    assert not chromium.renders(str(tmp_path / "none"))


def test_named_browser_wins():
    assert chromium.find_chromium({"CHROMIUM_PATH": "/opt/named"}) == "/opt/named"
