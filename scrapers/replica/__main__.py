"""``python -m scrapers.replica SITE``: serve a world as a site would, on loopback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from scrapers.replica.errors import ReplicaError
from scrapers.replica.request_log import LoggedApp, RequestLog
from scrapers.replica.server import listen, run, stop_on_signals, stop_with_parent, url_of
from scrapers.replica.sketchfab.app import create_app as create_sketchfab
from scrapers.replica.world import World, read_world

__all__ = ["main"]

_DEFAULT_WORLD: Final = Path(__file__).parent / "worlds" / "openclipart"

SITES: Final[Mapping[str, Callable[[World, str], ASGIApp]]] = {"sketchfab": create_sketchfab}


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
        world = read_world(options.world)
        listener = listen(options.host, options.port)
    except ReplicaError as err:
        print(f"error: {err}", file=sys.stderr)
        return 2
    url = url_of(listener)
    app = SITES[options.site](world, url)
    log = None if options.log is None else RequestLog(options.log)
    print(url, flush=True)
    try:
        run(app if log is None else LoggedApp(app, log), listener)
    finally:
        if log is not None:
            log.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scrapers.replica", description=__doc__)
    parser.add_argument("site", choices=sorted(SITES))
    parser.add_argument("--world", type=Path, default=_DEFAULT_WORLD, help="folder of a world")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--log", type=Path, help="file to which a JSON line a request is added")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when the starting process has ended"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
