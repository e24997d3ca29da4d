"""``python -m scrapers.replica SITE``: serve a world as a site would, on loopback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from scrapers.replica.assembling import assemble, scheme_of
from scrapers.replica.errors import ReplicaError
from scrapers.replica.faults.registry import describe, named
from scrapers.replica.faults.serving import run_with_faults
from scrapers.replica.request_log import RequestLog
from scrapers.replica.server import listen, run, stop_on_signals, stop_with_parent, url_of
from scrapers.replica.sketchfab.app import create_app as create_sketchfab
from scrapers.replica.world import read_frames

__all__ = ["main"]

_DEFAULT_WORLD: Final = Path(__file__).parent / "worlds" / "openclipart"

SITES: Final[Mapping[str, Callable[..., ASGIApp]]] = {"sketchfab": create_sketchfab}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; the url is the first line of standard output.

    Returns
    -------
    0 when told to stop, 2 when it could not begin.
    """
    options = _parser().parse_args(arguments)
    stop_on_signals()
    if options.exit_with_parent:
        stop_with_parent()
    try:
        faults = named(options.fault)
        frames = read_frames(options.world)
        listener = listen(options.host, options.port)
    except ReplicaError as err:
        print(f"error: {err}", file=sys.stderr)
        return 2
    log = None if options.log is None else RequestLog(options.log)
    url = url_of(listener, scheme_of(faults))
    create = partial(SITES[options.site], base_url=url)
    app, state = assemble(
        frames,
        create,
        faults=faults,
        seed=options.seed,
        latency_s=options.latency_s,
        log=log,
        mutable=options.mutable,
    )
    print(url, flush=True)
    try:
        if faults:
            run_with_faults(app, listener, state)
        else:
            run(app, listener)
    finally:
        if log is not None:
            log.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scrapers.replica",
        description=__doc__,
        epilog=f"faults:\n{describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("site", choices=sorted(SITES))
    parser.add_argument("--world", type=Path, default=_DEFAULT_WORLD, help="folder of a world")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--log", type=Path, help="file to which a JSON line a request is added")
    parser.add_argument("--fault", default="", metavar="NAME[,NAME]", help="faults to play")
    parser.add_argument("--seed", type=int, default=0, help="decides whom the faults strike")
    parser.add_argument(
        "--latency-s", type=float, default=0.0, help="how long each answer takes at least"
    )
    parser.add_argument(
        "--mutable", action="store_true", help="let days pass at POST /_world/advance"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when the starting process has ended"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
