"""The stand-in that serves the pictures, the service, and Chromium, each for as long as a block."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from scrapers.chromium import FLAGS, find_chromium
from tests.end_to_end.website.published import SITE
from tests.services import start_service

__all__ = ["chromium", "service", "stand_in"]

_WAIT_S = 60


@contextmanager
def stand_in() -> Iterator[str]:
    """Url of the site that serves the pictures of the world."""
    command = [sys.executable, "-m", "scrapers.replica", SITE, "--port", "0", "--exit-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _first_line(process)
        finally:
            _end(process)


@contextmanager
def service(data: Path, **settings: Any) -> Iterator[str]:
    """Url of the service on a data folder; it turns no request away, however slow the machine."""
    chosen = {"user_routes": True, "log_requests": False, "shed_after_ms": 0, **settings}
    with start_service(data=data, port=0, **chosen) as process:
        try:
            yield _first_line(process).split()[-1]
        finally:
            _end(process)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that nothing has been done with."""
    expect.set_options(timeout=_WAIT_S * 1000)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=list(FLAGS), timeout=2 * _WAIT_S * 1000
        )
        yield browser
        browser.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=_WAIT_S)
