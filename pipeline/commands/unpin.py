"""``unpin``: let the next publication replace the pinned snapshot."""

from __future__ import annotations

import argparse
import sys

from pipeline import publishing
from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``unpin``."""
    parser = subparsers.add_parser(
        "unpin", help="let the next publication replace the pinned snapshot"
    )
    add_site(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Unpin the published snapshot and name it."""
    pointer = publishing.unpin(read_settings().data, args.site)
    sys.stdout.write(f"unpinned {pointer.snapshot_id}\n")
    return 0
