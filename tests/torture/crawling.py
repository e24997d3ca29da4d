"""Crawls as processes of their own, as a person starts them, and how they ended.

They are forked from a server that has imported Scrapy already, for half of a short crawl's time
would go into imports.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import mkstemp

from tests.torture.stand_in import ROOT

__all__ = ["Crawl", "Crawler", "Ended", "fork"]

PATIENCE_S = 240.0
QUIET = {"LIKEWISE_PROGRESS": "never", "LIKEWISE_PROFILE": "fast"}
OPENED = "Spider opened"
LOOK_S = 0.01
PRELOADED = [
    "tests.torture.crawling",
    "scrapy.cmdline",
    "scrapers.commands.crawl",
    "scrapers.landing",
    "scrapers.politeness",
    "scrapers.progress",
    "scrapers.spiders.sketchfab",
    "scrapers.stopping",
]

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True)
class Ended:
    """How a crawl ended: exit status (negative: killed by a signal), its log, and how long."""

    code: int
    log: str
    seconds: float

    @property
    def figures(self) -> dict[str, float]:
        """What `preludes.measured` has noted in the log; empty without it."""
        noted = re.findall(r"^measured: (.*)$", self.log, re.MULTILINE)
        return json.loads(noted[-1]) if noted else {}


class Crawl:
    """A crawl under way."""

    def __init__(self, process: BaseProcess, log: Path) -> None:
        self._process = process
        self._log = log
        self._began = time.monotonic()
        process.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid or 0

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text("utf-8", errors="replace")

    def wait_opened(self, patience_s: float = PATIENCE_S) -> None:
        """Return once it asks for pages, or has ended, or `patience_s` have passed."""
        until = time.monotonic() + patience_s
        while OPENED not in self.log and self.wait(LOOK_S) and time.monotonic() < until:
            pass
        self._began = time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it is still under way then."""
        self._process.join(seconds)
        return self._process.is_alive()

    def kill(self) -> None:
        """As a power cut does, as far as the process can tell."""
        self._process.kill()

    def end(self, patience_s: float = PATIENCE_S) -> Ended:
        """How it ended, with the seconds since it began or was seen to open."""
        if self.wait(patience_s):
            self.kill()
            self._process.join()
        seconds, log = time.monotonic() - self._began, self.log
        self._log.unlink()
        code = self._process.exitcode
        self._process.close()
        return Ended(-1 if code is None else code, log, seconds)


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

    def start(self, url: str, stage: str, *, prelude: str = "", **arguments: object) -> Crawl:
        """A crawl under way; `prelude` is Python that runs before it."""
        words = ["scrapy", "crawl", "sketchfab"]
        arguments = {"base_url": url, "stage": stage, "run_id": "r", "like_floor": 0} | arguments
        for name, value in arguments.items():
            words += ["-a", f"{name}={value}"]
        for name, value in self.settings.items():
            words += ["-s", f"{name}={value}"]
        environment = {"LIKEWISE_DATA": str(self.data), **QUIET, **self.environment}
        return fork(words, environment, prelude=prelude)

    def run(self, url: str, stage: str, *, prelude: str = "", **arguments: object) -> Ended:
        """A crawl, waited for; one that does not end is killed, and its status says so."""
        return self.start(url, stage, prelude=prelude, **arguments).end()


def fork(
    words: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path = ROOT,
    prelude: str = "",
) -> Crawl:
    """A command of Scrapy under way in a folder, its `words` beginning with the program's name."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    descriptor, log = mkstemp(".log", "likewise-crawl-")
    os.close(descriptor)
    given = (words, {**inherited, **(environment or {})}, str(folder), prelude, log)
    return Crawl(_forked.Process(target=_become, args=given), Path(log))


def _become(
    words: Sequence[str], environment: Mapping[str, str], folder: str, prelude: str, log: str
) -> None:
    """What the forked process does."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), sys.stderr.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(words)
    exec(prelude, {"__name__": "prelude"})
    from scrapy.cmdline import execute  # noqa: PLC0415  imported once already

    execute()
