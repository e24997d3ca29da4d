"""A refresh in a process of its own, followed to its end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ProcessError
from pipeline.processes import Children

__all__ = ["Refresh", "run_refresh"]

_NAME = "the refresh"


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh that passed: its run, the name of what it crawled, seconds of each asset."""

    run_id: str
    crawl_run: str
    step_s: Mapping[str, float]


def run_refresh(
    children: Children,
    site: str,
    environment: Mapping[str, str],
    log: Path,
    say: Callable[[str], None],
    *,
    has_bar: bool = False,
) -> Refresh:
    """Refresh a site and say how it goes.

    Parameters
    ----------
    has_bar : crawls draw their own progress on the terminal; what they say is left out.

    Raises
    ------
    ProcessError : a step failed; its log is named.
    """
    begun: dict[str, str] = {}
    step_s: dict[str, float] = {}
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "pipeline.assets.refresh", site, "--progress-fd", str(writer)]
    child = children.start(_NAME, command, environment, log, pass_fds=[writer])
    os.close(writer)
    for told in _told(reader):
        if "run_id" in told:
            begun = told
        if "asset" in told:
            step_s[told["asset"]] = told["seconds"]
        if (line := _line(told)) and not (has_bar and "says" in told):
            say(line)
    if child.process.wait() != 0 or not begun:
        raise ProcessError(f"{_NAME} failed; what was published before stays so; see {log}")
    return Refresh(begun["run_id"], begun["crawl_run"], step_s)


def _told(reader: int) -> Iterator[dict[str, Any]]:
    with os.fdopen(reader, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _line(told: Mapping[str, Any]) -> str | None:
    """What a reader is to see of it; None for what went as it should and took no time."""
    match told:
        case {"run_id": run_id}:
            return f"run {run_id}"
        case {"says": text}:
            return f"    {text}"
        case {"check": name, "passed": False}:
            return f"  ! {name} did not pass"
        case {"asset": asset, "passed": passed, "seconds": seconds}:
            rows = f"{told['rows']:>10,} rows" if "rows" in told else ""
            return f"  {asset:<20} {seconds:>7.1f} s {rows}{'' if passed else '  FAILED'}".rstrip()
    return None
