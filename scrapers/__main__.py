"""``python -m scrapers COMMAND``: what an operator asks of crawls and does to them.

Exit codes: 0 done, 1 failed, 2 what was given is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from scrapers import retry, status
from scrapers.errors import ScrapersError

__all__ = ["main"]

_FAILED: Final = 1
_COMMANDS: Final = {
    "status": (status, "tell how far the crawls are, and what is missing and why"),
    "retry": (retry, "let units that are partial or failed be tried again"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of one command; an error goes to standard error with its remedy."""
    parser = argparse.ArgumentParser(
        prog="python -m scrapers", description="Look at crawls and their units of work."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (command, described) in _COMMANDS.items():
        own = subparsers.add_parser(name, help=described, description=described)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except ScrapersError as err:
        print(f"error: {err}", file=sys.stderr)
        return _FAILED


if __name__ == "__main__":
    sys.exit(main())
