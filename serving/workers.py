"""Several workers on one socket: a parent that starts them, starts dead ones anew, stops them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from serving.scratch import scratch_folder
from serving.settings import ServingSettings

__all__ = ["Worker", "ending_signals", "supervise"]

_log = logging.getLogger(__name__)
_RESTART_S: Final = 1.0
_STOPPING_S: Final = 2.0
_N_ARGUMENTS: Final = 5


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is told on its command line.

    Attributes
    ----------
    listener, lifeline : descriptors that it inherits.
    counts : folder of the counters; ``slot`` is its place among the workers.
    url : what it prints once it answers; empty prints nothing.
    """

    listener: int
    lifeline: int
    counts: str
    slot: int
    url: str

    @property
    def arguments(self) -> list[str]:
        """Command line, as `of` reads it."""
        return [str(self.listener), str(self.lifeline), self.counts, str(self.slot), self.url]

    @staticmethod
    def is_meant(arguments: list[str]) -> bool:
        """Whether a command line is one that a parent gives, not a person."""
        return len(arguments) == _N_ARGUMENTS and all(map(str.isdecimal, arguments[:2]))

    @classmethod
    def of(cls, arguments: list[str]) -> Worker:
        """Worker of a command line."""
        listener, lifeline, counts, slot, url = arguments
        return cls(int(listener), int(lifeline), counts, int(slot), url)


@dataclass(slots=True)
class _Pool:
    environment: Mapping[str, str]
    listener: int
    lifeline: int
    counts: str
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    started_s: dict[int, float] = field(default_factory=dict)

    def start(self, slot: int, url: str = "") -> None:
        worker = Worker(self.listener, self.lifeline, self.counts, slot, url)
        self.started_s[slot] = time.monotonic()
        self.processes[slot] = subprocess.Popen(
            [sys.executable, "-m", "serving", *worker.arguments],
            env=self.environment,
            pass_fds=(self.listener, self.lifeline),
            process_group=0,  # Ctrl-C is for the parent, who tells them once
        )

    def restart_dead(self) -> float:
        """Start dead workers anew, none more than once a second; seconds until the next is due."""
        wait_s = 3600.0
        for slot, process in self.processes.items():
            if process.poll() is None:
                continue
            due_s = self.started_s[slot] + _RESTART_S - time.monotonic()
            if due_s > 0:
                wait_s = min(wait_s, due_s)
                continue
            fields = {"slot": slot, "returncode": process.returncode}
            _log.error("worker died", extra={"fields": fields})
            self.start(slot)
        return wait_s

    def stop(self, grace_s: float) -> None:
        """Ask all to stop, and end those that have not within their grace."""
        for process in self.processes.values():
            process.terminate()
        limit_s = time.monotonic() + grace_s
        for process in self.processes.values():
            try:
                process.wait(max(0.0, limit_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def supervise(settings: ServingSettings, listener: socket.socket, url: str) -> None:
    """Keep as many workers as are set until SIGINT or SIGTERM comes; then all have stopped.

    They share the socket, the folder of unfolded snapshots and that of counters.  They stop too
    when this process is killed: each holds an end of a pipe whose other end dies with it.
    """
    ends = ending_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, ends | {signal.SIGCHLD})
    lifeline, held = os.pipe()
    with scratch_folder() as folder:
        cache = str(settings.cache or folder / "snapshots")
        environment = {**os.environ, "LIKEWISE_CACHE": cache}
        pool = _Pool(environment, listener.fileno(), lifeline, str(folder))
        for slot in range(settings.workers):
            pool.start(slot, url if slot == 0 else "")
        try:
            _watch(pool, ends)
        finally:
            listener.close()  # else the kernel goes on taking connections that nobody will answer
            pool.stop(settings.grace_s + _STOPPING_S)
            os.close(held)
            os.close(lifeline)


def ending_signals() -> frozenset[signal.Signals]:
    """Signals that end the service; a closed terminal's is one unless nohup has it ignored."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return frozenset(each for each in asked if signal.getsignal(each) != signal.SIG_IGN)


def _watch(pool: _Pool, ends: frozenset[signal.Signals]) -> None:
    while True:
        wait_s = pool.restart_dead()
        told = signal.sigtimedwait(ends | {signal.SIGCHLD}, wait_s)
        if told and told.si_signo in ends:
            return
