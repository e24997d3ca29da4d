"""``python -m pipeline.ui``: the Dagster UI, with a stand-in to crawl unless a site is set."""

from __future__ import annotations

import os
import sys
from typing import Final

from pipeline.dagster_home import prepare_home
from pipeline.dagster_ui import start_dagster, wait_until_up
from pipeline.errors import LikewiseError
from pipeline.processes import Children, interruptible
from pipeline.settings import read_settings
from pipeline.stand_in import StandIn, start_stand_in

__all__ = ["main"]

_URL: Final = "LIKEWISE_SKETCHFAB_URL"


def main() -> int:
    """Run the UI until it is interrupted: 0; 1 where something fails."""
    try:
        with interruptible(), Children() as children:
            _serve(children)
    except KeyboardInterrupt:
        return 0
    except LikewiseError as err:
        print(f"error: {err}", file=sys.stderr)
        return 1
    return 0


def _serve(children: Children) -> None:
    settings = read_settings()
    data = settings.data.resolve()
    prepare_home(data)
    environment: dict[str, str] = {}
    if not os.environ.get(_URL):
        environment |= start_stand_in(children, StandIn(), data / "logs")
        print(f"stand-in site   {environment[_URL]}  (set {_URL} to crawl another)", flush=True)
    dagster, url = start_dagster(children, data, environment, port=settings.dagster_port)
    wait_until_up(dagster, url)
    print(f"Dagster UI      {url}  (no login: this machine only)\nCtrl-C stops it.", flush=True)
    dagster.process.wait()
    dagster.check_runs()


if __name__ == "__main__":
    sys.exit(main())
