"""Child processes that never outlive the one who started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ProcessError

__all__ = ["Child", "Children", "free_port", "interruptible"]

_STOP_S: Final = 4.0  # of the five seconds that a Ctrl-C may take
_POLL_S: Final = 0.05
_PORTS_TRIED: Final = 50
_LAST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Child:
    """A process in a group of its own; what it prints goes to ``log`` unless piped."""

    name: str
    process: subprocess.Popen[str]
    log: Path

    def next_line(self) -> str:
        """Next line of its piped standard output, without the space around it.

        Raises
        ------
        ProcessError : it ended without one.
        """
        assert self.process.stdout is not None  # noqa: S101  started with a pipe
        line = self.process.stdout.readline().strip()
        if not line:
            code = self.process.wait()
            raise ProcessError(f"{self.name} ended with exit code {code}; see {self.log}")
        return line

    def lines_before(self, last: str) -> list[str]:
        """Lines of its piped standard output before the one that reads `last`.

        Raises
        ------
        ProcessError : it ended without that line.
        """
        return list(iter(self.next_line, last))

    def check_runs(self) -> None:
        """Nothing, while the process runs.

        Raises
        ------
        ProcessError : it has ended.
        """
        code = self.process.poll()
        if code is not None:
            raise ProcessError(f"{self.name} ended with exit code {code}; see {self.log}")


@dataclass(slots=True)
class Children:
    """Every child that was started; leaving the block stops them all within five seconds."""

    started: list[Child] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        piped: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> Child:
        """Start a process.

        Parameters
        ----------
        environment : added to that of this process.
        log : file that takes what it prints; with ``piped``, what it prints as an error.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            process = subprocess.Popen(
                list(command),
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else file,
                stderr=file,
                text=True,
                pass_fds=tuple(pass_fds),
                process_group=0,
            )
        child = Child(name, process, log)
        self.started.append(child)
        return child

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        with _deaf():
            self.stop()

    def stop(self) -> None:
        """Interrupt every group that is left, and kill what has not ended in time."""
        groups = [child.process for child in self.started]
        for process in groups:
            _signal_group(process, signal.SIGINT)
        deadline = time.monotonic() + _STOP_S
        while time.monotonic() < deadline and any(map(_group_lives, groups)):
            time.sleep(_POLL_S)
        for process in groups:
            _signal_group(process, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.started.clear()


def _signal_group(process: subprocess.Popen[str], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return


def _group_lives(process: subprocess.Popen[str]) -> bool:
    process.poll()  # reaps the leader, who would else count as living
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and a polite kill raise `KeyboardInterrupt` while the block runs.

    A process that was started in the background ignores Ctrl-C, and its children would inherit
    that; they do not inherit a handler.
    """
    with _handling(signal.default_int_handler):
        yield


@contextmanager
def _deaf() -> Iterator[None]:
    with _handling(lambda *_: None):
        yield


@contextmanager
def _handling(handler: Any) -> Iterator[None]:  # noqa: ANN401  any form of a signal's handler
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)


def free_port(preferred: int) -> int:
    """The preferred port of loopback, or the next free one.

    Raises
    ------
    ProcessError : no port of those tried is free.
    """
    last = min(preferred + _PORTS_TRIED - 1, _LAST_PORT)
    for port in range(preferred, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ProcessError(f"ports {preferred} to {last} of 127.0.0.1 are all taken")
