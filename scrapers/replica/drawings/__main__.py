"""``python -m scrapers.replica.drawings``: build the default world, or only its contact sheets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scrapers.replica.drawings.catalogue import Drawing, read_catalogue
from scrapers.replica.drawings.deny_list import read_deny_list
from scrapers.replica.drawings.errors import DrawingsError
from scrapers.replica.drawings.measures import look_alikes, unreadable
from scrapers.replica.drawings.rendering import Picture, render
from scrapers.replica.drawings.selection import select
from scrapers.replica.drawings.sheets import write_sheets
from scrapers.replica.drawings.world import PICTURES, simulate_world, write_world

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the world is written, 1 when a drawing or a file is at fault."""
    options = _parser().parse_args(arguments)
    try:
        _build(options)
    except (DrawingsError, OSError) as err:
        print(err, file=sys.stderr)
        return 1
    return 0


def _build(options: argparse.Namespace) -> None:
    drawings = select(read_catalogue(options.meta), read_deny_list())
    if not drawings:
        raise DrawingsError(f"{options.meta} leaves no drawing to make a world of.", [])
    items, likes = simulate_world(drawings, options.seed)
    if options.svg is not None:
        pictures = _pictures(drawings, options.svg)
        if options.sheets is not None:
            print(f"{write_sheets(pictures, options.sheets)} contact sheets in {options.sheets}")
        _check(pictures)
        _write_pictures(drawings, pictures, options.out / PICTURES)
    write_world(items, likes, options.out)
    print(f"{len(items):,} drawings and {len(likes):,} simulated likes in {options.out}")


def _pictures(drawings: Sequence[Drawing], svg: Path) -> dict[str, bytes]:
    with ThreadPoolExecutor() as pool:
        packed = pool.map(lambda drawing: render(svg / drawing.path, Picture()), drawings)
        return dict(zip((drawing.path for drawing in drawings), packed, strict=True))


def _check(pictures: dict[str, bytes]) -> None:
    faults = unreadable(pictures)
    faults += [f"{first} and {second} look the same" for first, second in look_alikes(pictures)]
    if faults:
        raise DrawingsError("Deny these drawings, or one of each pair, in denied.txt:", faults)


def _write_pictures(drawings: Sequence[Drawing], pictures: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    for drawing in drawings:
        (folder / f"{drawing.item_id}.webp").write_bytes(pictures[drawing.path])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scrapers.replica.drawings", description=__doc__
    )
    parser.add_argument("--meta", type=Path, required=True, help="metadata, JSON lines (.gz)")
    parser.add_argument("--svg", type=Path, help="folder of the SVG files; without it no pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder of the world")
    parser.add_argument("--sheets", type=Path, help="also write contact sheets into this folder")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated likes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
