"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import re

from pipeline.pointer import SITE_NAME_PATTERN

__all__ = ["add_site", "site_name"]


def add_site(parser: argparse.ArgumentParser) -> None:
    """Add ``--site``, which must be given."""
    parser.add_argument("--site", required=True, type=site_name, help="name of the site")


def site_name(text: str) -> str:
    """The text, where it is of the form of a site's name.

    Raises
    ------
    argparse.ArgumentTypeError : it is not; argparse then exits with 2.
    """
    if not re.fullmatch(SITE_NAME_PATTERN, text):
        raise argparse.ArgumentTypeError(f"site name {text!r} does not match {SITE_NAME_PATTERN}")
    return text
