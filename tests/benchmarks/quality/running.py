"""What all sections share: how a run is set, processes of their own, peak memory, commands."""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.benchmarks.report import ROOT

__all__ = ["Done", "Run", "apart", "peak_mb", "pipeline_command"]

T = TypeVar("T")
_KIB_A_MB: Final = 1024 if sys.platform == "linux" else 1024**2


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the benchmark is set.

    Attributes
    ----------
    data : folder with ``benchmarks/gowalla`` and ``worlds``.
    budget_s : seconds of each tuned model.
    is_apart : whether heavy parts have processes of their own; without them no peak memory
        is true.
    """

    data: Path
    budget_s: float = 120.0
    seed: int = 0
    threads: int = 2
    is_apart: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended well: seconds, peak memory, what it said."""

    seconds: float
    peak_mb: float
    said: str


def apart(run: Run, function: Callable[..., T], *arguments: Any) -> T:
    """The result of a function, in a fresh process where the run says so."""
    if not run.is_apart:
        return function(*arguments)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def peak_mb() -> float:
    """Peak of this process since it started; a child's rusage would begin with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text("utf-8").splitlines()
        peaks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return float(peaks[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_A_MB


def pipeline_command(run: Run, *arguments: object) -> Done:
    """Run ``python -m pipeline`` with these arguments, in a process of its own or in this one.

    Raises
    ------
    RuntimeError : it failed.
    """
    words = [str(argument) for argument in arguments]
    began = time.perf_counter()
    if not run.is_apart:
        from pipeline.__main__ import main  # noqa: PLC0415  the command has no part in the rest

        code, peak, said = main(words), peak_mb(), ""
    else:
        command = [sys.executable, "-m", "pipeline", *words]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        said = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        code = child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / _KIB_A_MB
    if code:
        raise RuntimeError(f"python -m pipeline {' '.join(words)}: exit code {code}")
    return Done(time.perf_counter() - began, peak, said)
