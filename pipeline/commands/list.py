"""``list``: the snapshots of a site on disk."""

from __future__ import annotations

import argparse
import sys

from pipeline import publishing
from pipeline.arguments import add_site
from pipeline.commands import Subparsers
from pipeline.publishing import ListedSnapshot
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``list``."""
    parser = subparsers.add_parser("list", help="list the snapshots of a site, newest first")
    add_site(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a snapshot; a site without one prints nothing to standard output."""
    data = read_settings().data
    snapshots = publishing.list_snapshots(data, args.site)
    if not snapshots:
        sys.stderr.write(f"no snapshot of {args.site} under {data}\n")
    for snapshot in snapshots:
        sys.stdout.write(_line(snapshot) + "\n")
    return 0


def _line(snapshot: ListedSnapshot) -> str:
    state = "pinned" if snapshot.pinned else "current" if snapshot.current else ""
    size = f"{snapshot.size_bytes / 1e6:,.1f} MB"
    start = f"{snapshot.snapshot_id}  {state:<7}  {size:>11}"
    if snapshot.created_at is None:
        return f"{start}  unreadable: {snapshot.fault}"
    return (
        f"{start}  {snapshot.created_at:%Y-%m-%d %H:%M:%SZ}  {snapshot.n_likes:,} likes, "
        f"{snapshot.n_users:,} users, {snapshot.n_items:,} items"
    )
