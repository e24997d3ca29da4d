"""``sql``: a read-only SQL shell on the published snapshot."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.arguments import site_name
from pipeline.commands import Subparsers
from pipeline.errors import InputError
from pipeline.pointer import published_sites
from pipeline.settings import read_settings
from pipeline.shell import Shell
from pipeline.sql_connection import open_snapshot

__all__ = ["add_parser", "run"]

_HISTORY: Final = ".sql_history"
_HISTORY_LINES: Final = 1000


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``sql``."""
    parser = subparsers.add_parser(
        "sql",
        help="ask the published snapshot in SQL",
        description="A DuckDB shell, read-only, on the published snapshot and the curated "
        "tables. It reaches no other file. SQL also comes from --command, --file or a pipe.",
    )
    parser.add_argument("--site", type=site_name, help="name of the site; the only one published")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--command", metavar="SQL", help="run this and leave")
    source.add_argument("--file", type=Path, help="run the statements of this file and leave")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer from the arguments, a pipe or a person; 1 where a statement failed."""
    data = read_settings().data
    site = args.site or _only_site(data)
    text = _given(args)
    with contextlib.closing(open_snapshot(data, site)) as connection:
        shell = Shell(connection, sys.stdout, sys.stderr)
        if text is not None:
            return 0 if shell.feed(text) else 1
        sys.stdout.write(f"Snapshot of {site}, read-only. .help helps, .quit leaves.\n")
        with _history(data / _HISTORY):
            shell.talk(input)
    return 0


def _only_site(data: Path) -> str:
    sites = published_sites(data)
    if len(sites) == 1:
        return sites[0]
    raise InputError(
        [f"{len(sites)} sites are published under {data} {sites}: name one with --site"]
    )


def _given(args: argparse.Namespace) -> str | None:
    """SQL that is run at once; None where a person will type it."""
    if args.command is not None:
        return str(args.command)
    if args.file is not None:
        try:
            return str(args.file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as err:
            raise InputError([f"{args.file} cannot be read: {err}"]) from err
    return None if sys.stdin.isatty() else sys.stdin.read()


@contextlib.contextmanager
def _history(path: Path) -> Iterator[None]:
    """Lines of earlier sessions at the arrow keys; kept in a file of mode 0600."""
    try:
        import readline  # noqa: PLC0415 - some builds of Python have none
    except ImportError:
        yield
        return
    path.touch(mode=0o600)
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(_HISTORY_LINES)
    try:
        yield
    finally:
        readline.write_history_file(path)
