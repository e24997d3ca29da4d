"""``pin``: keep the published snapshot published."""

from __future__ import annotations

import argparse
import sys

from pipeline import publishing
from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``pin``."""
    parser = subparsers.add_parser(
        "pin", help="keep the published snapshot, whatever a refresh builds"
    )
    add_site(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Pin the published snapshot and name it."""
    pointer = publishing.pin(read_settings().data, args.site)
    sys.stdout.write(f"pinned {pointer.snapshot_id}\n")
    return 0
