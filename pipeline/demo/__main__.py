"""``python -m pipeline.demo``: crawl the stand-in, learn, publish; then serve until Ctrl-C."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.dagster_home import dagster_environment, prepare_home
from pipeline.demo.refreshing import run_refresh
from pipeline.demo.serving import serve
from pipeline.demo.summary import summarize, summary_lines, write_summary
from pipeline.errors import LikewiseError
from pipeline.processes import Children, interruptible
from pipeline.settings import PipelineSettings, read_settings
from pipeline.stand_in import StandIn, start_stand_in

__all__ = ["main"]

_SITE: Final = "sketchfab"
_INTERRUPTED: Final = 130
_TUNE_BUDGET_S: Final = 30
_KILOBYTES: Final = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo.

    Returns
    -------
    0 when every step passed, and after Ctrl-C while serving; 1 when one failed; 2 for wrong
    options; 130 when interrupted before.
    """
    options = _parser().parse_args(arguments)
    served = False
    try:
        with interruptible(), Children() as children:
            settings = read_settings()
            environment = _refresh(children, settings, StandIn(options.world, options.like_floor))
            if not options.no_serve:
                served = True
                serve(children, settings, _SITE, environment, partial(print, flush=True))
    except KeyboardInterrupt:
        return 0 if served else _INTERRUPTED
    except LikewiseError as err:
        print(f"error: {err}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline.demo", description=__doc__)
    parser.add_argument("--world", type=_folder, help="folder of a world; the one that ships")
    parser.add_argument("--like-floor", type=int, help="likes below which the catalogue ends")
    parser.add_argument("--no-serve", action="store_true", help="stop after the summary")
    return parser


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _refresh(
    children: Children, settings: PipelineSettings, stand_in: StandIn
) -> Mapping[str, str]:
    """Refresh from a stand-in and say what came of it; returns the crawl's environment."""
    data = settings.data.resolve()
    prepare_home(data)
    began = time.monotonic()
    site = start_stand_in(children, stand_in, data / "logs")
    print(f"Crawling a stand-in site that shows {stand_in.name}; data goes to {data}", flush=True)
    has_bar = sys.stdout.isatty()
    progress = {"LIKEWISE_PROGRESS": "always"} if has_bar else {}
    refresh = run_refresh(
        children,
        _SITE,
        {**dagster_environment(data), **site, **progress, **_budget(settings)},
        data / "logs" / "refresh.log",
        partial(print, flush=True),
        has_bar=has_bar,
    )
    summary = summarize(
        data,
        _SITE,
        refresh,
        world=stand_in.name,
        seconds=time.monotonic() - began,
        peak_memory_mb=_peak_memory_mb(),
    )
    path = write_summary(data, summary)
    print("", *summary_lines(summary), f"summary: {path}", sep="\n", flush=True)
    return site


def _budget(settings: PipelineSettings) -> Mapping[str, str]:
    """A demo searches less long than a site does, unless it is told how long."""
    is_set = "tune_budget_s" in settings.model_fields_set
    return {} if is_set else {"LIKEWISE_TUNE_BUDGET_S": str(_TUNE_BUDGET_S)}


def _peak_memory_mb() -> int:
    """Peak of the largest process that has ended; Linux counts kilobytes, macOS bytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = _KILOBYTES if sys.platform != "darwin" else _KILOBYTES**2
    return int(peak // unit)


if __name__ == "__main__":
    sys.exit(main())
