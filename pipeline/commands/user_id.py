"""``user-id``: the pseudonym of a person, for an operator who answers a request."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands import Subparsers
from pipeline.dataset.curated import curated_folder
from pipeline.dataset.keys import load_key
from pipeline.dataset.likes import refuse_other_key
from pipeline.errors import InputError
from pipeline.settings import read_settings
from scrapers.records import pseudonym

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``user-id``."""
    parser = subparsers.add_parser(
        "user-id",
        help="print the pseudonym of a user handle, which is read from standard input",
        description="Read one user handle from standard input and print its pseudonym. The "
        "handle is no argument, so that it stands in no shell history and no process list.",
    )
    parser.add_argument("--site", required=True, help="name of the site")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the pseudonym of the handle on standard input.

    Raises
    ------
    InputError : standard input holds no handle, several, or bytes that are not UTF-8.
    KeyFileError : no usable key, or not the one of the site's curated likes.
    """
    settings = read_settings()
    curated_folder(settings.data, args.site)
    lines = _standard_input().splitlines()
    if len(lines) != 1 or not lines[0].strip():
        raise InputError([f"standard input must hold one user handle, it has {len(lines)} lines"])
    key = load_key(settings.key_path)
    refuse_other_key(settings.data, args.site, key)
    sys.stdout.write(pseudonym(args.site, lines[0].strip(), key) + "\n")
    return 0


def _standard_input() -> str:
    """Its text, in UTF-8 whatever the locale says: other bytes are another pseudonym."""
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(["standard input must hold one user handle in UTF-8"]) from None
