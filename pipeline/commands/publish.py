"""``publish``: serve a snapshot."""

from __future__ import annotations

import argparse
import sys

from pipeline import publishing
from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``publish``."""
    parser = subparsers.add_parser(
        "publish",
        help="serve a snapshot, the newest unless another is named",
        description="Check a snapshot's hash and schema version and let it be served. A pinned "
        "snapshot keeps its place: unpin it first.",
    )
    add_site(parser)
    parser.add_argument("--id", help="id of the snapshot, as of the command list")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Publish and say what is served now; 1 where a pinned snapshot kept its place."""
    settings = read_settings()
    publication = publishing.publish(
        settings.data, args.site, args.id, keep=settings.kept_snapshots
    )
    name = publication.pointer.snapshot_id
    for removed in publication.removed:
        sys.stdout.write(f"removed {removed}\n")
    if publication.published:
        sys.stdout.write(f"published {name}\n")
        return 0
    sys.stderr.write(
        f"not published: {name} is pinned; `python -m pipeline unpin --site {args.site}` first\n"
    )
    return 1
