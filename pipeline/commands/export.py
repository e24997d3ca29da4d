"""``export``: a site's curated likes and items as open data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.commands import Subparsers
from pipeline.dataset.export import export_world
from pipeline.settings import read_settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``export``."""
    parser = subparsers.add_parser(
        "export", help="write a site's curated likes and items as Parquet in world form"
    )
    parser.add_argument("--site", required=True, help="name of the site")
    parser.add_argument("--out", required=True, type=Path, help="folder; made where missing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write both files and say what they hold."""
    written = export_world(read_settings().data, args.site, args.out)
    sys.stdout.write(
        f"{written.likes}: {written.n_likes} likes\n{written.items}: {written.n_items} items\n"
    )
    return 0
