"""Crawls as processes of their own, as a person starts them, and how they ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.stand_in import ROOT

__all__ = ["Crawler", "Ended"]

PATIENCE_S = 120.0
QUIET = {"LIKEWISE_PROGRESS": "never", "LIKEWISE_PROFILE": "fast"}
BEGIN = "import sys; from scrapy.cmdline import execute; execute(sys.argv)"


@dataclass(frozen=True)
class Ended:
    """How a crawl ended: exit status (negative: killed by a signal), its log, and how long."""

    code: int
    log: str
    seconds: float


@dataclass(frozen=True)
class Crawler:
    """Starts crawls of the stand-in on one data folder.

    Parameters
    ----------
    settings : of Scrapy, as ``-s`` takes them.
    environment : on top of this process's own.
    """

    data: Path
    settings: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(
        self,
        url: str,
        stage: str,
        *,
        prelude: str = "",
        command: Sequence[str] = (),
        **arguments: object,
    ) -> subprocess.Popen[str]:
        """A crawl under way.

        Parameters
        ----------
        prelude : Python that runs before it.
        command : what stands before the program.
        """
        words = [*command, sys.executable, "-c", f"{prelude}\n{BEGIN}", "crawl", "sketchfab"]
        arguments = {"base_url": url, "stage": stage, "run_id": "r", "like_floor": 0} | arguments
        for name, value in arguments.items():
            words += ["-a", f"{name}={value}"]
        for name, value in self.settings.items():
            words += ["-s", f"{name}={value}"]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
        environment = {**inherited, "LIKEWISE_DATA": str(self.data), **QUIET, **self.environment}
        return subprocess.Popen(
            words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )

    def run(self, url: str, stage: str, *, prelude: str = "", **arguments: object) -> Ended:
        """A crawl, waited for; one that does not end is killed, and its status says so."""
        began = time.monotonic()
        process = self.start(url, stage, prelude=prelude, **arguments)
        return ended(process, began)


def ended(process: subprocess.Popen[str], began: float, patience_s: float = PATIENCE_S) -> Ended:
    """The end of a crawl; killed when `patience_s` have passed."""
    try:
        _, log = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        _, log = process.communicate()
    return Ended(process.returncode, log, time.monotonic() - began)
