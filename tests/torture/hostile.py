"""The real catalogue of 2016 with all its names, served, crawled, and held letter for letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tests.hostile_catalogue import HostileWorld
from tests.torture.crawling import Crawler
from tests.torture.lines import Line
from tests.torture.stand_in import StandIn
from tests.torture.worlds import World

__all__ = ["Compared", "cleaned", "compare"]

REMOVED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What the contract takes out of a text: control, bidi and surrogate characters."""
SETTINGS = {"LANDING_PART_ROWS": 2_000}
SHOWN = 5


@dataclass(frozen=True)
class Compared:
    """Rows of a crawl, and what of them is not as it was served."""

    line: str
    code: int
    status: str
    rows: int
    lost: int
    repeated: int
    invented: int
    changed: int
    examples: tuple[str, ...]
    log: str = ""

    @property
    def is_well(self) -> bool:
        """Whether all came out letter for letter."""
        flaws = (self.code, self.lost, self.repeated, self.invented, self.changed)
        return not any(flaws) and self.status == "complete"


def compare(hostile: HostileWorld, data: Path, lines: Sequence[Line]) -> list[Compared]:
    """Crawl lines of the world, and hold each row's texts against what the file says."""
    crawler = Crawler(data, SETTINGS)
    with StandIn(hostile.folder) as site:
        return [_compared(line, crawler, site.url, hostile) for line in lines]


def cleaned(name: str) -> str | None:
    """A name as it must come out; one of which nothing is left is absent."""
    return unicodedata.normalize("NFC", REMOVED.sub("", name)) or None


def _compared(line: Line, crawler: Crawler, url: str, hostile: HostileWorld) -> Compared:
    ended = crawler.run(url, **line.asked)
    landed = line.landed(crawler.data)
    world = World.of(hostile.folder)
    is_likes = line.table == "likes"
    found, wanted = (landed.likes(), world.likes) if is_likes else (landed.items(), world.items)
    rows = () if is_likes or not len(landed.rows) else landed.rows.iter_rows(named=True)
    changed = [text for row in rows for text in _changes(row, hostile)]
    return Compared(
        line.name,
        ended.code,
        ", ".join(landed.statuses),
        rows=found.total(),
        lost=len(wanted - found.keys()),
        repeated=found.total() - len(found),
        invented=len(found.keys() - wanted),
        changed=len(changed),
        examples=tuple(changed[:SHOWN]),
        log=ended.log,
    )


def _changes(row: dict[str, str], hostile: HostileWorld) -> list[str]:
    """What of a row is not as it should be: its title, or the item that its url leads to."""
    wanted = cleaned(hostile.titles.get(row["item_id"], ""))
    found = []
    if row["title"] != wanted:
        found.append(f"{wanted!r} came out as {row['title']!r}")
    if not unquote(row["url"]).endswith(f"-{row['item_id']}"):
        found.append(f"{row['item_id']!r} is linked to {row['url']!r}")
    return found
