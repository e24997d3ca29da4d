"""``python -m pipeline COMMAND``: what an operator does by hand.

Exit codes: 0 done, 1 failed, 2 what was given is wrong (every fault is named).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from pipeline.commands import command_modules
from pipeline.errors import InputError, LikewiseError

__all__ = ["main"]

_FAILED: Final = 1
_WRONG_INPUT: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of one command; its errors go to standard error, one message each."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline", description="Work on curated likes and published snapshots."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in command_modules():
        module.add_parser(subparsers)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except LikewiseError as err:
        print(f"error: {err}", file=sys.stderr)
        return _WRONG_INPUT if isinstance(err, InputError) else _FAILED


if __name__ == "__main__":
    sys.exit(main())
