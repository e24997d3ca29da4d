"""The real catalogue of 2016 as a world: names and ids as people made them.

``python -m tests.hostile_catalogue FOLDER [--items N]`` writes it, to be served with ``--world``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

__all__ = ["SOURCE", "HostileWorld", "write_hostile_world"]

SOURCE = Path(__file__).parents[2] / "shared/data/sketchfab-2016/model_urls.psv.gz"
MISSING = f"{SOURCE} is not there: it is no part of the product"
HANDLES = ("ann|lee", 'q"uote', "<b>bold</b>", "back\\slash", "per%2Fcent", "ünï", "a b", "x'y&z=1")
MOST_LIKES = 3

_USUAL_ID = re.compile(r"[0-9a-f]{32}")
_ODD_NAMES = (
    re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"),
    re.compile(r"[<>]"),
    re.compile(r"[|\\]"),
    re.compile(r'["\']'),
    re.compile(r"^\s|\s$|\s\s"),
    re.compile(r"[^\x00-\x7f]"),
)


@dataclass(frozen=True)
class HostileWorld:
    """A folder, the title of each item, and the items that the catalogue names twice."""

    folder: Path
    titles: Mapping[str, str]
    repeated: frozenset[str]


def read_rows(source: Path = SOURCE) -> list[tuple[str, str]]:
    """Name and id of every row of the file, as it stands there."""
    with gzip.open(source) as packed:
        text = io.TextIOWrapper(packed, "utf-8", newline="")
        rows = csv.reader(text, delimiter="|", quotechar="\\")
        next(rows)
        return [(name, item_id) for name, item_id in rows]


def write_hostile_world(
    folder: Path, n_items: int | None = None, source: Path = SOURCE
) -> HostileWorld:
    """World of the catalogue's items, each liked by one to three people.

    Parameters
    ----------
    n_items : items with repeated ids first, then odd ones of each sort by turns; None is all.
    """
    rows = read_rows(source)
    places: dict[str, list[int]] = {}
    for place, (_, item_id) in enumerate(rows):
        places.setdefault(item_id, []).append(place)
    titles = {item_id: rows[at[0]][0] for item_id, at in places.items()}
    repeated = [item_id for item_id, at in places.items() if len(at) > 1]
    chosen = _chosen(titles, repeated, n_items)
    likes = [
        (handle, item_id) for n, item_id in enumerate(chosen) for handle in _likers(n, len(chosen))
    ]
    gaps = {item_id: places[item_id][1] - places[item_id][0] for item_id in repeated}
    _write(folder, {item_id: titles[item_id] for item_id in chosen}, likes, gaps)
    kept = frozenset(repeated) & frozenset(chosen)
    return HostileWorld(folder, {item_id: titles[item_id] for item_id in chosen}, kept)


def _chosen(
    titles: Mapping[str, str], repeated: Sequence[str], n_items: int | None
) -> Sequence[str]:
    if n_items is None:
        return list(titles)
    sorts = [[item for item, name in titles.items() if odd.search(name)] for odd in _ODD_NAMES]
    sorts.append([item for item in titles if not _USUAL_ID.fullmatch(item)])
    turns = [item for turn in range(n_items) for sort in sorts for item in sort[turn : turn + 1]]
    return list(dict.fromkeys([*repeated, *turns, *titles]))[:n_items]


def _likers(n: int, n_items: int) -> Sequence[str]:
    count = MOST_LIKES - n * MOST_LIKES // n_items
    return [HANDLES[(n + step) % len(HANDLES)] for step in range(count)]


def _write(
    folder: Path,
    titles: Mapping[str, str],
    likes: Sequence[tuple[str, str]],
    gaps: Mapping[str, int],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(likes, {"user_handle": pl.String, "item_id": pl.String}, orient="row")
    frame.write_parquet(folder / "likes.parquet")
    counts = dict(frame.group_by("item_id").len().iter_rows())
    ranks = {i: rank for rank, i in enumerate(sorted(titles, key=lambda i: (-counts[i], i)))}
    again = [min(ranks[i] + gaps[i], len(titles)) if i in gaps else None for i in titles]
    items = {"item_id": list(titles), "title": list(titles.values()), "listed_again_at": again}
    pl.DataFrame(items, {"item_id": pl.String, "title": pl.String, "listed_again_at": pl.Int64}
    ).write_parquet(folder / "items.parquet")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the world; returns 0, or 2 where the catalogue is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, help="fewer items, the odd ones first")
    options = parser.parse_args(arguments)
    if not SOURCE.exists():
        sys.stderr.write(f"error: {MISSING}\n")
        return 2
    world = write_hostile_world(options.folder, options.items)
    sys.stdout.write(f"{len(world.titles)} items, {len(world.repeated)} of them listed twice\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
