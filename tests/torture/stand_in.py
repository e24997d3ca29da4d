"""The stand-in as a process of its own, and what it says of itself."""

from __future__ import annotations

import json
import math
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["ROOT", "StandIn", "inside_pauses"]

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
RUDE = (
    "before_robots",
    "on_stale_robots",
    "after_disallow",
    "after_failing_robots",
    "off_site",
)


STALLED_S = 1.0
"""For so long a process may stand still on a machine with other work: what it sends within this
time of an answer that asks for a pause, it may have sent before it could read that."""


_ASKS = re.compile("status-(429|503)")


def inside_pauses(requests: Sequence[Mapping[str, Any]], stalled_s: float = STALLED_S) -> int:
    """Requests that were made inside a pause, by the log of a stand-in.

    Inside a pause it answers 429 of its own accord, for which the log names no fault.
    """
    asked_at, found = -math.inf, 0
    for line in requests:
        if line["status"] in {429, 503} and any(map(_ASKS.match, line["faults"])):
            asked_at = line["started_s"] + line["duration_s"]
        elif line["status"] == 429 and not line["faults"]:
            found += line["started_s"] > asked_at + stalled_s
    return found


class StandIn:
    """Serves a world while the ``with`` block lasts.

    Parameters
    ----------
    faults : names as ``--fault`` takes them.
    options : further words of the command line.
    logged : whether it keeps a log, which costs time.
    """

    def __init__(
        self,
        world: Path,
        *,
        faults: Sequence[str] = (),
        seed: int = 0,
        options: Sequence[str] = (),
        logged: bool = True,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="likewise-stand-in-")
        self._log = Path(self._folder.name) / "requests.jsonl"
        self._lines: list[dict[str, Any]] = []
        command = [sys.executable, "-m", "scrapers.replica", "sketchfab", "--exit-with-parent"]
        command += ["--world", str(world), *options]
        if logged:
            command += ["--log", str(self._log)]
        if faults:
            command += ["--fault", ",".join(faults), "--seed", str(seed)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().strip() if self._process.stdout else ""

    def __enter__(self) -> Self:
        if not self.url:
            raise RuntimeError("the stand-in did not begin to serve")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self) -> None:
        """End the process and keep its log; a second call does nothing."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(PATIENCE_S)
        if self._process.stdout:
            self._process.stdout.close()
        if not self._lines and self._log.exists():
            lines = map(json.loads, self._log.read_text("utf-8").splitlines())
            self._lines = sorted(lines, key=lambda line: float(line["started_s"]))

    def requests(self) -> list[dict[str, Any]]:
        """Lines of the log in the order of arrival; ends the process."""
        self.stop()
        return self._lines

    def likes(self, side: str = "item") -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Likes that stood there throughout, and those that came or went meanwhile."""
        told = self.ask(f"/_truth/likes?side={side}")
        must, may = told["must_have"], told["may_have"]
        return set(map(tuple, must)), set(map(tuple, may))

    def faults(self) -> Mapping[str, int]:
        """How often each fault was played."""
        played: Mapping[str, int] = self.ask("/_truth/faults")
        return played

    def manners(self) -> Mapping[str, int]:
        """What the stand-in saw of the crawler's manners."""
        seen: Mapping[str, int] = self.ask("/_truth/manners")
        return seen

    def rude(self) -> dict[str, int]:
        """Requests against the site's word by how they were; ends the process."""
        manners = self.manners()
        return {name: manners[name] for name in RUDE} | {
            "inside_retry_after": inside_pauses(self.requests())
        }

    def ask(self, path: str, *, method: str = "GET") -> Any:
        """JSON of a path of the stand-in's own."""
        request = urllib.request.Request(self.url + path, method=method)
        unchecked = ssl._create_unverified_context()  # its certificate may be a bad one
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unchecked)
        )
        with opener.open(request, timeout=PATIENCE_S) as answer:
            return json.loads(answer.read())
