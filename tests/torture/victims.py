"""Crawls that are watched while they run, to be killed at a chosen moment."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.torture.crawling import Crawler, Ended
from tests.torture.lines import Line

__all__ = ["Victim", "children"]

OPENED = "Spider opened"
PATIENCE_S = 120.0


class Victim:
    """A crawl under way whose log is read as it comes; ``opened`` once it asks for pages."""

    def __init__(self, crawler: Crawler, url: str, line: Line, prelude: str = "") -> None:
        self._began = time.monotonic()
        self.process: subprocess.Popen[str] = crawler.start(url, prelude=prelude, **line.asked)
        self.opened = threading.Event()
        self.opened_at = self._began
        self._log: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """As a power cut does, as far as the process can tell."""
        self.process.send_signal(signal.SIGKILL)

    def end(self, patience_s: float = PATIENCE_S) -> Ended:
        """How it ended; one that does not end is killed."""
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
        self._reader.join()
        seconds = time.monotonic() - self.opened_at
        return Ended(self.process.returncode, "".join(self._log), seconds)

    def _read(self) -> None:
        with self.process.stderr as lines:  # type: ignore[union-attr]
            for text in lines:
                self._log.append(text)
                if OPENED in text:
                    self.opened_at = time.monotonic()
                    self.opened.set()
        self.opened.set()


def children(pid: int) -> Iterator[tuple[int, str]]:
    """Processes that descend from one, with their command lines, nearest first."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    waiting = list(parents.get(pid, ()))
    while waiting:
        child = waiting.pop(0)
        waiting += parents.get(child, ())
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        yield child, b" ".join(words).decode(errors="replace")
