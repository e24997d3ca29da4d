"""``accept``: a crawl has drifted because the site has changed, and that is how it is now."""

from __future__ import annotations

import argparse
import sys

from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.dataset.soundness import accept
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``accept``."""
    parser = subparsers.add_parser(
        "accept", help="take a crawl that has drifted for what its site is like now"
    )
    add_site(parser)
    parser.add_argument(
        "--run",
        required=True,
        dest="crawl",
        metavar="RUN",
        help="name of the crawl, as the refusal has it",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Accept what a run landed and say what that is.

    Raises
    ------
    InputError : the run has not drifted.
    """
    for verdict in accept(read_settings().data, args.site, args.crawl):
        profile = verdict.profile
        sys.stdout.write(f"accepted {profile.table} of {profile.crawl_id}\n")
        sys.stdout.writelines(f"  {finding}\n" for finding in verdict.findings)
    return 0
