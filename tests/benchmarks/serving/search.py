"""Search on real titles: what is found of damaged ones, how fast, and how long a build takes.

Run: ``python -m tests.benchmarks.serving.search [--data FOLDER]``; figures as JSON.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from serving.search.building import SearchText, search_arrays
from serving.search.index import SearchIndex
from serving.search.words import normalised
from tests.benchmarks.report import ROOT

__all__ = ["DAMAGES", "found_share", "measure", "one_edit"]

N_ITEMS, N_QUERIES, FIRST = 30_000, 1000, 5
LEAST_FOUND, MOST_P99_MS, MOST_BUILD_S = 0.95, 20.0, 1.0
_DATA: Final = ROOT.parent / "shared" / "data"
_ACCENTS: Final = dict(zip("aceinouy", "âçéîñöúÿ", strict=True))
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"

Damage = Callable[[str, random.Random], str]


def swapped(title: str, chance: random.Random) -> str:
    """Two neighbours change places."""
    place = chance.randrange(max(len(title) - 1, 1))
    return title[:place] + title[place + 1 : place + 2] + title[place] + title[place + 2 :]


def dropped(title: str, chance: random.Random) -> str:
    """One character is missing."""
    place = chance.randrange(len(title))
    return title[:place] + title[place + 1 :]


def doubled(title: str, chance: random.Random) -> str:
    """One character stands twice."""
    place = chance.randrange(len(title))
    return title[: place + 1] + title[place:]


def wrong(title: str, chance: random.Random) -> str:
    """One character is another letter."""
    place = chance.randrange(len(title))
    return title[:place] + chance.choice(_LETTERS) + title[place + 1 :]


def reordered(title: str, chance: random.Random) -> str:
    """The words stand in another order."""
    words = title.split()
    chance.shuffle(words)
    return " ".join(words)


def accents_and_case(title: str, chance: random.Random) -> str:
    """Accents go where there are some and come where there are none; the case is another."""
    plain = "".join(c for c in unicodedata.normalize("NFD", title) if not unicodedata.combining(c))
    if plain == title:
        plain = "".join(_ACCENTS.get(letter, letter) for letter in title.lower())
    return plain.swapcase()


DAMAGES: Final[dict[str, Damage]] = {
    damage.__name__: damage
    for damage in (swapped, dropped, doubled, wrong, reordered, accents_and_case)
}
_EDITS: Final = (swapped, dropped, doubled, wrong)


def one_edit(title: str, chance: random.Random) -> str:
    """One random edit of any kind at any place."""
    return chance.choice(_EDITS)(title, chance)


def found_share(
    index: SearchIndex, titles: Sequence[str], damage: Damage, *, seed: int, n: int = N_QUERIES
) -> tuple[float, list[float]]:
    """Share of damaged titles whose item is among the first, and the seconds of each search.

    Items whose titles are equal once normalised count as the same.
    """
    chance = random.Random(seed)
    found, seconds = 0, []
    for title in chance.sample(titles, n):
        query, meant = damage(title, chance), normalised(title)
        started_s = time.perf_counter()
        item_idxs, _ = index.search(query, FIRST)
        seconds.append(time.perf_counter() - started_s)
        found += any(normalised(titles[idx]) == meant for idx in item_idxs)
    return found / n, seconds


def measure(titles: Sequence[str], seed: int = 0) -> dict[str, object]:
    """Figures of a catalogue of titles; its items have made-up likes of a real shape."""
    likes = np.random.default_rng(seed).zipf(1.6, len(titles)).clip(max=20_000)
    texts = [
        SearchText(title, (), None, int(count)) for title, count in zip(titles, likes, strict=True)
    ]
    started_s = time.perf_counter()
    arrays = search_arrays(texts)
    build_s = time.perf_counter() - started_s
    index = SearchIndex.from_arrays(arrays)
    shares: dict[str, float] = {}
    every: list[float] = []
    for name, damage in (*DAMAGES.items(), ("one_edit", one_edit)):
        shares[name], seconds = found_share(index, titles, damage, seed=seed)
        every += seconds
    p50, p99 = np.percentile(np.asarray(every) * 1000, (50, 99))
    return {
        "n_items": len(titles),
        "n_queries": N_QUERIES,
        "found_in_first": FIRST,
        "found": shares,
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "build_s": round(build_s, 2),
        "size_mb": round(sum(array.nbytes for array in arrays.values()) / 1e6, 1),
        "met": bool(
            shares["one_edit"] >= LEAST_FOUND and p99 < MOST_P99_MS and build_s < MOST_BUILD_S
        ),
    }


def real_titles(data: Path) -> list[str]:
    """Titles of Sketchfab's catalogue of 2016, and as many drawings' as make ``N_ITEMS``."""
    with gzip.open(data / "sketchfab-2016" / "model_urls.psv.gz", "rt") as file:
        rows = list(csv.reader(file, delimiter="|", quotechar="\\"))[1:]
    with gzip.open(data / "openclipart" / "openclipart_meta.jsonl.gz", "rt") as file:
        drawings = [json.loads(line)["title"] for line in file]
    titles = [title for title in (*(row[0] for row in rows), *drawings) if title]
    return titles[:N_ITEMS]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving.search")
    parser.add_argument("--data", type=Path, default=_DATA, help="folder of the public data")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    figures = measure(real_titles(options.data), options.seed)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
