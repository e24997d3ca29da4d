"""The service, or a bare route under the same middleware, as a process of its own."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Served", "constant", "get", "memory_mb", "service", "until"]


@dataclass(frozen=True, slots=True)
class Served:
    """A process that answers on a port."""

    pid: int
    port: int

    @property
    def workers(self) -> list[int]:
        """Processes that answer: its children that serve, or itself."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        own = [int(pid) for pid in listed if b"unfolding" not in _command(int(pid))]
        return own or [self.pid]


@contextmanager
def service(data: Path, **settings: str) -> Iterator[Served]:
    """The service on a data folder, user routes on; settings without their prefix."""
    own = {"DATA": str(data), "PORT": "0", "LOG_REQUESTS": "false", "USER_ROUTES": "true"}
    environment = {f"LIKEWISE_{name}": value for name, value in {**own, **settings}.items()}
    command = [sys.executable, "-m", "serving"]
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield Served(process.pid, int(line.rsplit(":", 1)[1]))
        finally:
            process.terminate()


@contextmanager
def constant(body: bytes) -> Iterator[Served]:
    """A typed route that answers this, whatever is asked of it."""
    command = [sys.executable, "-m", "tests.benchmarks.serving.constant"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            if process.stdin and process.stdout:
                process.stdin.write(body)
                process.stdin.close()
                port = int(process.stdout.readline())
            until(lambda: bool(get(port, "/constant")))
            yield Served(process.pid, port)
        finally:
            process.terminate()


def get(port: int, path: str) -> bytes:
    """Body of an answer.

    Raises
    ------
    RuntimeError : its status is not 200.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        message = f"{path} answered {answer.status}"
        raise RuntimeError(message)
    return body


def until(holds: Callable[[], bool], seconds: float = 60) -> float:
    """Seconds until something holds.

    Raises
    ------
    TimeoutError : it does not.
    """
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if holds():
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.02)
    message = f"nothing happened within {seconds} s"
    raise TimeoutError(message)


def memory_mb(pid: int) -> dict[str, float]:
    """Megabytes of a process: its own (private and written, or of no file), and all it holds."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kb = {name: int(value) for name, value in re.findall(r"(?m)^(\w+):\s+(\d+) kB", rollup)}
    own = kb["Private_Dirty"]
    return {"private_mb": own / 1024, "with_mapped_mb": kb["Rss"] / 1024}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
