"""Crawls killed at any instant: what is landed in the end is what an undisturbed crawl lands."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tests.torture.crawling import Crawl, Crawler, Ended
from tests.torture.lines import CATALOGUE, LINES, Line
from tests.torture.preludes import POINTS, dies_at
from tests.torture.worlds import World

__all__ = [
    "Killed",
    "Reference",
    "go_on",
    "kill_at_points",
    "kill_at_random",
    "slowed",
    "undisturbed",
]

SLOW = {
    "DOWNLOAD_DELAY": 0.004,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "LANDING_PART_ROWS": 60,
    "LANDING_PART_AGE_S": 0.2,
}
"""Settings with which a crawl of a small world lasts seconds and lands many parts."""
SLOWER = {**SLOW, "DOWNLOAD_DELAY": 0.1, "LANDING_PART_ROWS": 10}
"""The same for a catalogue, which has few pages."""
MOST_RESTARTS = 5
EARLY = 0.1  # of the kills fall before the first request
ALIEN = "planted-by-the-torture"


@dataclass(frozen=True)
class Killed:
    """A crawl that was killed and restarted until it was done."""

    line: str
    point: str
    kills: int
    lost: int
    repeated: int
    invented: int
    code: int
    status: str
    log: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it ended complete, and with what an undisturbed crawl lands."""
        well = self.lost == self.repeated == self.invented == self.code == 0
        return well and self.status == "complete"

    def told(self) -> str:
        """It in a line."""
        return (
            f"{self.line}, {self.point}, {self.kills} kills: exit {self.code}, {self.status}; "
            f"{self.lost} lost, {self.repeated} repeated, {self.invented} invented"
        )


@dataclass(frozen=True)
class Reference:
    """What undisturbed crawls have landed of each line, and how long they read."""

    url: str
    data: Path
    content: Mapping[str, Counter[str]]
    seconds: Mapping[str, float]

    def folder(self, target: Path, line: Line) -> Path:
        """A data folder in which a line can be crawled: the catalogue lies there."""
        target.mkdir(parents=True)
        if line.stage != CATALOGUE.stage:
            for table in ("items", "site"):
                parts = Path("raw", "sketchfab", table)
                shutil.copytree(self.data / parts, target / parts)
        return target

    def judge(self, line: Line, data: Path, point: str, kills: int, ended: Ended) -> Killed:
        """A crawl of a line held against the undisturbed one."""
        landed = line.landed(data)
        found, wanted = landed.content(), self.content[line.name]
        known = Counter({row: count for row, count in found.items() if row in wanted})
        return Killed(
            line.name,
            point,
            kills,
            lost=(wanted - found).total(),
            repeated=(known - wanted).total(),
            invented=found.total() - known.total(),
            code=ended.code,
            status=", ".join(sorted(landed.statuses)),
            log=ended.log,
        )


def undisturbed(url: str, data: Path, world: World, lines: Sequence[Line] = LINES) -> Reference:
    """Crawl each line once, and see that it holds what the world holds."""
    content, seconds = {}, {}
    for line in lines:
        crawler = slowed(line, data)
        crawl = crawler.start(url, **line.asked)
        crawl.wait_opened()
        ended = crawl.end()
        landed = line.landed(data)
        if ended.code or set(landed.items()) != world.items:
            raise RuntimeError(f"the undisturbed crawl of {line.name} is not whole:\n{ended.log}")
        content[line.name], seconds[line.name] = landed.content(), ended.seconds
    return Reference(url, data, content, seconds)


def kill_at_random(
    reference: Reference, folder: Path, n_kills: int, seed: int, lines: Sequence[Line] = LINES
) -> Iterator[Killed]:
    """Crawls killed at `n_kills` random moments in all, each restarted until it is done."""
    dice, n = random.Random(seed), 0
    while n_kills > 0:
        line = lines[n % len(lines)]
        data = reference.folder(folder / f"random-{n}", line)
        crawler, kills = slowed(line, data), 0
        for _ in range(min(n_kills, dice.randint(1, MOST_RESTARTS))):
            victim = crawler.start(reference.url, **line.asked)
            _wait(victim, dice, reference.seconds[line.name])
            victim.kill()
            if victim.end().code == 0:  # it was done before
                break
            kills += 1
            _plant(line, data)
        if not kills:
            shutil.rmtree(data)
            continue
        ended = go_on(crawler, reference.url, line)
        yield reference.judge(line, data, "at random", kills, ended)
        n_kills, n = n_kills - kills, n + 1


def kill_at_points(
    reference: Reference,
    folder: Path,
    lines: Sequence[Line] = LINES,
    points: Sequence[str] = POINTS,
    times: Sequence[int] = (1, 3),
) -> Iterator[Killed]:
    """Crawls that die the first or a later time that they come to a named point."""
    for line in lines:
        for point in points:
            for n in times:
                data = reference.folder(folder / f"{line.name}-{point}-{n}", line)
                crawler = slowed(line, data)
                died = crawler.run(reference.url, prelude=dies_at(point, n), **line.asked)
                if died.code != -9:
                    raise RuntimeError(f"{line.name} did not come to {point}:\n{died.log}")
                _plant(line, data)
                ended = go_on(crawler, reference.url, line)
                yield reference.judge(line, data, f"{point}, time {n}", 1, ended)


def slowed(line: Line, data: Path) -> Crawler:
    """Crawler of a line that lasts a while."""
    return Crawler(data, SLOWER if line.table == "items" else SLOW)


def _wait(victim: Crawl, dice: random.Random, seconds: float) -> None:
    if dice.random() < EARLY:
        victim.wait(dice.uniform(0.1, 0.5))
        return
    victim.wait_opened()
    victim.wait(dice.uniform(0.0, seconds))


def go_on(crawler: Crawler, url: str, line: Line) -> Ended:
    """Crawl until the line is done; a crawl that was done already says so."""
    ended = crawler.run(url, **line.asked)
    if "is complete" in ended.log and line.landed(crawler.data).statuses == {"complete"}:
        return Ended(0, ended.log, ended.seconds)
    return ended


def _plant(line: Line, data: Path) -> None:
    """Leave a part that no manifest lists: a copy of a listed one, and an alien row."""
    landed = line.landed(data)
    if not landed.folders or not len(landed.rows):
        return
    alien = landed.rows.head(1).with_columns(item_id=pl.lit(ALIEN))
    pl.concat([landed.rows, alien]).write_parquet(landed.folders[0] / "part-99999.parquet")
