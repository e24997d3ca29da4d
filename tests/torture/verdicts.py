"""A crawl held against what the stand-in says that it showed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Ended
from tests.torture.landed import Landed
from tests.torture.lines import ITEM_LIKES, Line
from tests.torture.worlds import World

__all__ = ["Pairs", "Truth", "Verdict", "judge"]

LEFT_ALONE = "left alone"
Pairs = AbstractSet[tuple[str, ...]]
_UNREAD = """
    SELECT key FROM ledger_units
    WHERE crawl_id = ? AND kind = ? AND state IN ('pending', 'leased')
"""


@dataclass(frozen=True)
class Truth:
    """Rows that a crawl must have landed, and those that it may have besides."""

    must: Pairs
    may: Pairs


@dataclass(frozen=True)
class Verdict:
    """What a crawl has done; ``unnamed`` are rows it lost of units that it calls done.

    ``wrong`` are rows whose title is not the item's.
    """

    line: str
    lost: int
    unnamed: int
    repeated: int
    invented: int
    wrong: int
    code: int
    status: str
    named: tuple[str, ...]
    unread: int
    left_alone: bool
    seconds: float
    log: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the crawl is complete, and nothing is missing, repeated or made up."""
        flaws = self.lost + self.repeated + self.invented + self.wrong
        return flaws == 0 and self.code == 0 and self.status == "complete"

    @property
    def is_honest(self) -> bool:
        """Whether a crawl that is partial says what is missing, and made nothing up."""
        flaws = self.unnamed + self.repeated + self.invented + self.wrong
        said = bool(self.named) or self.unread > 0 or self.left_alone
        return flaws == 0 and self.code == 3 and self.status == "partial" and said

    def told(self) -> str:
        """The verdict in a line."""
        return (
            f"{self.line}: exit {self.code}, {self.status or 'nothing landed'}; {self.lost} lost "
            f"({self.unnamed} unnamed), {self.repeated} repeated, {self.invented} invented, "
            f"{self.wrong} wrong; {len(self.named)} named, {self.unread} unread; "
            f"{self.seconds:.1f} s"
        )


def judge(line: Line, data: Path, ended: Ended, truth: Truth, world: World) -> Verdict:
    """A crawl of a line held against the truth of its rows."""
    landed = line.landed(data)
    columns = ("user_handle", "item_id") if line.table == "likes" else ("item_id",)
    found = landed.keys(*columns)
    lost = {row for row in truth.must if row not in found}
    unread = _unread(line, data)
    return Verdict(
        line=line.name,
        lost=len(lost),
        unnamed=_unnamed(line, lost, landed, unread),
        repeated=found.total() - len(found),
        invented=sum(row not in truth.must and row not in truth.may for row in found),
        wrong=_wrong(line, landed, world),
        code=ended.code,
        status=", ".join(sorted(landed.statuses)),
        named=tuple(f"{kind} {key}: {why}" for (kind, key), why in landed.unfinished.items()),
        unread=len(unread),
        left_alone=any(name.startswith(LEFT_ALONE) for name in landed.counts),
        seconds=ended.seconds,
        log=ended.log,
    )


def _unnamed(line: Line, lost: Pairs, landed: Landed, unread: list[str]) -> int:
    """Lost rows of units that are said to be done.

    A page of the catalogue and a user stand for rows that their names do not tell: there it
    counts that any is named.
    """
    keys = {key for _, key in landed.unfinished} | set(unread)
    if line.table == "items" or line.run_id != ITEM_LIKES.run_id:
        return (
            0 if keys or any(name.startswith(LEFT_ALONE) for name in landed.counts) else len(lost)
        )
    return sum(row[-1] not in keys for row in lost)


def _wrong(line: Line, landed: Landed, world: World) -> int:
    if line.table == "likes" or not len(landed.rows):
        return 0
    titles = Counter(landed.rows.select("item_id", "title").iter_rows())
    return sum(
        count
        for (item_id, title), count in titles.items()
        if title is not None and item_id in world.titles and title != world.titles[item_id]
    )


def _unread(line: Line, data: Path) -> list[str]:
    """Keys of units of the ledger that nobody has ended."""
    path = data / "raw" / "sketchfab" / "ledger.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        return [key for (key,) in ledger.execute(_UNREAD, (line.run_id, line.kind))]
