"""``rollback``: serve an earlier snapshot and keep it served."""

from __future__ import annotations

import argparse
import sys

from pipeline import publishing
from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``rollback``."""
    parser = subparsers.add_parser(
        "rollback",
        help="serve the snapshot before the present one and pin it",
        description="Serve an earlier snapshot. It stays pinned, whatever a refresh builds, "
        "until the command unpin.",
    )
    add_site(parser)
    parser.add_argument("--to", metavar="ID", help="id of the snapshot; the one before")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Roll back and say what is served now."""
    pointer = publishing.rollback(read_settings().data, args.site, args.to)
    sys.stdout.write(f"published and pinned {pointer.snapshot_id}\n")
    return 0
