"""A stand-in put together: a site of a world, its faults, and the eyes that watch them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import ASGIApp

from scrapers.replica.control import ControlledApp, create_control
from scrapers.replica.faults.app import FaultyApp
from scrapers.replica.faults.fault import Fault
from scrapers.replica.faults.run import Run
from scrapers.replica.manners import Manners, ObservedApp
from scrapers.replica.request_log import LoggedApp, RequestLog
from scrapers.replica.served import Served
from scrapers.replica.world import World

__all__ = ["assemble", "scheme_of"]

_NEWCOMERS: Final = tuple(f"newcomer/{n}" for n in range(40))
"""People of no world who like things when likes are inserted."""


def scheme_of(faults: Sequence[Fault]) -> str:
    """``https`` where bad TLS is played."""
    return "https" if _is_on("bad-tls", faults) else "http"


def assemble(
    world: World,
    create: Callable[[World], ASGIApp],
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    latency_s: float = 0.0,
    log: RequestLog | None = None,
) -> tuple[ASGIApp, Run]:
    """App of a stand-in, with its own addresses beside the site, and what its faults share."""
    newcomers = _NEWCOMERS if _is_on("insert", faults) else ()
    served = Served(world, create, newcomers, live=bool(faults))
    run = Run(faults, seed, served, Manners())
    app: ASGIApp = FaultyApp(served, run) if faults else served.app
    is_watched = bool(faults or latency_s or log)
    if is_watched:
        app = ObservedApp(app, run.manners, latency_s)
    if log is not None:
        app = LoggedApp(app, log)
    return ControlledApp(app, create_control(served, run, is_watched=is_watched)), run


def _is_on(name: str, faults: Sequence[Fault]) -> bool:
    return any(fault.name == name for fault in faults)
