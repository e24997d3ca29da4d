"""A stand-in put together: a site of a world, its faults, and the eyes that watch them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import ASGIApp

from scrapers.replica.control import Control, ControlledApp
from scrapers.replica.faults.app import FaultyApp
from scrapers.replica.faults.fault import Fault
from scrapers.replica.faults.run import Run
from scrapers.replica.manners import Manners, ObservedApp
from scrapers.replica.request_log import LoggedApp, RequestLog
from scrapers.replica.served import Served
from scrapers.replica.world import Frames, World, world_of

__all__ = ["assemble", "scheme_of"]

_NEWCOMERS: Final = tuple(f"newcomer/{n}" for n in range(40))
"""People of no world who like things when likes are inserted."""


def scheme_of(faults: Sequence[Fault]) -> str:
    """``https`` where bad TLS is played."""
    return "https" if _is_on("bad-tls", faults) else "http"


def assemble(
    frames: Frames,
    create: Callable[[World], ASGIApp],
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    latency_s: float = 0.0,
    log: RequestLog | None = None,
    mutable: bool = False,
) -> tuple[ASGIApp, Run]:
    """App of a stand-in, with its own addresses beside the site, and what its faults share.

    Parameters
    ----------
    create : makes the site of a world.
    mutable : whether days may pass in the world.
    """
    newcomers = _NEWCOMERS if _is_on("insert", faults) else ()
    served = Served(world_of(frames), create, newcomers, live=bool(faults))
    run = Run(faults, seed, served, Manners())
    app: ASGIApp = served.app
    is_watched = bool(faults or latency_s or log or mutable)
    if is_watched:
        # Without faults too: it sees what robots.txt said.
        app = ObservedApp(FaultyApp(served, run), run.manners, latency_s)
    if log is not None:
        app = LoggedApp(app, log)
    control = Control(served, run, frames if mutable else None, is_watched=is_watched)
    return ControlledApp(app, control.app()), run


def _is_on(name: str, faults: Sequence[Fault]) -> bool:
    return any(fault.name == name for fault in faults)
