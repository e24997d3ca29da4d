"""The real catalogue of 2016 with all its names, served, crawled, and held letter for letter."""

from __future__ import annotations

import csv
import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from tests.torture.crawling import Crawler
from tests.torture.lines import Line
from tests.torture.stand_in import StandIn

__all__ = ["Compared", "Row", "compare", "most_hostile", "read_rows", "write_names"]

FILE = "sketchfab-2016/model_urls.psv.gz"
REMOVED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What docs/data-model.md says is taken out of a text: control, bidi and surrogate characters."""
ODD = re.compile(r"""[^\x20-\x7e]|["'<>|\\&%?#+]|^\s|\s$""")
SETTINGS = {"LANDING_PART_ROWS": 2_000}

Row = tuple[str, str]
"""Name and id."""


@dataclass(frozen=True)
class Compared:
    """What of a crawl's rows is not as it was served."""

    line: str
    code: int
    status: str
    rows: int
    lost: int
    repeated: int
    invented: int
    changed: int
    mislinked: int
    examples: tuple[str, ...]
    log: str

    @property
    def is_well(self) -> bool:
        """Whether all came out letter for letter."""
        flaws = (self.lost, self.repeated, self.invented, self.changed, self.mislinked, self.code)
        return not any(flaws) and self.status == "complete"


def read_rows(data: Path) -> list[Row]:
    """Rows of the file, repeated ones included; the backslash is its quote."""
    with gzip.open(data / FILE, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter="|", quotechar="\\")
        next(rows)
        return [(name, item_id) for name, item_id in rows]


def most_hostile(rows: Sequence[Row], n: int) -> list[Row]:
    """About `n` rows, as many of each oddity as there are, or as have room."""
    times = Counter(item_id for _, item_id in rows)
    by_oddity: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for oddity in _oddities(row, times):
            by_oddity.setdefault(oddity, []).append(place)
    share = max(1, n // len(by_oddity))
    chosen = {place for places in by_oddity.values() for place in places[:share]}
    return [rows[place] for place in sorted(chosen)]


def _oddities(row: Row, times: Counter[str]) -> set[str]:
    """What is odd of a row: characters of ASCII one by one, others by the script's name."""
    name, item_id = row
    found = {letter if letter.isascii() else _script(letter) for letter in ODD.findall(name)}
    if unicodedata.normalize("NFC", name) != name:
        found.add("not in NFC")
    if times[item_id] > 1:
        found.add(item_id)
    return found | {f"an id of {len(item_id)} characters"}


def _script(letter: str) -> str:
    return unicodedata.name(letter, "none").split()[0]


def write_names(folder: Path, rows: Sequence[Row]) -> dict[str, str]:
    """World of these rows, in their order by likes; gives names by id.

    A row whose id stood before is listed a second time where it stands.
    """
    folder.mkdir(parents=True)
    names: dict[str, str] = {}
    again: dict[str, int] = {}
    for rank, (name, item_id) in enumerate(rows):
        if item_id in names:
            again[item_id] = rank
        else:
            names[item_id] = name
    pl.DataFrame(
        {
            "item_id": list(names),
            "title": list(names.values()),
            "creator": list(names.values()),
            "tags": [[name] for name in names.values()],
            "listed_again_at": [again.get(item_id) for item_id in names],
        },
        schema_overrides={"listed_again_at": pl.Int64},
    ).write_parquet(folder / "items.parquet")
    handles = pl.DataFrame({"user_handle": ["fan"], "item_id": [next(iter(names))]})
    handles.write_parquet(folder / "likes.parquet")
    return names


def compare(
    world: Path, names: dict[str, str], data: Path, lines: Sequence[Line]
) -> list[Compared]:
    """Crawl lines of such a world, and hold each row's texts against what the file says."""
    crawler = Crawler(data, SETTINGS)
    with StandIn(world) as site:
        return [_compared(line, crawler, site.url, names) for line in lines]


def _compared(line: Line, crawler: Crawler, url: str, names: dict[str, str]) -> Compared:
    ended = crawler.run(url, **line.asked)
    landed = line.landed(crawler.data)
    found = landed.items()
    rows = landed.rows.iter_rows(named=True) if len(landed.rows) else ()
    changed, mislinked, examples = 0, 0, []
    for row in rows:
        wanted = _cleaned(names.get(row["item_id"], ""))
        texts = [row["title"]]
        if line.table == "features":
            texts += [row["creator"], *row["tags"]]
        wrong = [text for text in texts if text != wanted]
        changed += bool(wrong)
        mislinked += not unquote(row["url"]).endswith(f"-{row['item_id']}")
        examples += [f"{wanted!r} came out as {wrong[0]!r}"] if wrong else []
    return Compared(
        line.name,
        ended.code,
        ", ".join(landed.statuses),
        rows=found.total(),
        lost=len({(item_id,) for item_id in names} - found.keys()),
        repeated=found.total() - len(found),
        invented=len(found.keys() - {(item_id,) for item_id in names}),
        changed=changed,
        mislinked=mislinked,
        examples=tuple(examples[:5]),
        log=ended.log,
    )


def _cleaned(name: str) -> str | None:
    """The name as it must come out; one of which nothing is left is absent."""
    return unicodedata.normalize("NFC", REMOVED.sub("", name)) or None
