"""``python -m serving token``: make a token of the operator and print it, once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from serving.errors import TokenFileError
from serving.settings import ServingSettings
from serving.tokens import add_token

__all__ = ["token_command"]

_MOST_DAYS: Final = 3650


def token_command(arguments: Sequence[str], settings: ServingSettings) -> int:
    """Print a new token; 0, or 2 where it could not be kept."""
    parser = argparse.ArgumentParser(
        prog="python -m serving token",
        description="Make a token for the operator's routes. It is shown once; a hash is kept.",
    )
    parser.add_argument("--days", type=_days, default=90, help="days until it expires (90)")
    days: int = parser.parse_args(arguments).days
    if settings.admin_tokens is None:
        sys.stderr.write("LIKEWISE_ADMIN_TOKENS is not set: it names the file of tokens\n")
        return 2
    try:
        token = add_token(settings.admin_tokens, days=days, now=datetime.now(UTC))
    except (TokenFileError, OSError) as err:
        sys.stderr.write(f"{err}\n")
        return 2
    sys.stdout.write(f"{token}\n")
    sys.stderr.write(f"valid for {days} days; its hash is in {settings.admin_tokens}\n")
    return 0


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{days} days, must be 1 to {_MOST_DAYS}")
    return days
