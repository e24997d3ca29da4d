"""What stock Scrapy does under the same faults: the proof that they bite."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Crawl, fork
from tests.torture.preludes import little_memory, measured
from tests.torture.stand_in import StandIn
from tests.torture.worlds import World

__all__ = ["Stock", "crawl_by_stock", "kill_stock", "start_stock"]

SPIDER = Path(__file__).with_name("stock_spider.py")
PATIENCE_S = 90.0
MOST_MB = 1_000
MEMORY_MB = 6_000


@dataclass(frozen=True)
class Stock:
    """What stock Scrapy made of a fault.

    ``code`` is its exit status, None where it hung; ``rude`` are requests against the site's
    word.
    """

    fault: str
    lost: int
    repeated: int
    invented: int
    code: int | None
    peak_mb: int
    rude: int

    @property
    def breaks(self) -> bool:
        """Whether it lost, repeated or made up likes, overloaded the site or itself, or hung."""
        flaws = self.lost + self.repeated + self.invented + self.rude
        return bool(flaws) or self.code is None or self.peak_mb > MOST_MB


def start_stock(url: str, folder: Path, settings: Mapping[str, object] | None = None) -> Crawl:
    """A crawl by stock Scrapy: robots.txt obeyed, a feed and a job folder, all else untouched.

    Only its timeout is ours, for its own would have a table of faults last hours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = ["scrapy", "runspider", str(SPIDER), "-a", f"base_url={url}", "-o", "likes.jsonl"]
    chosen = {"ROBOTSTXT_OBEY": True, "JOBDIR": "job", "DOWNLOAD_TIMEOUT": 2, "LOG_LEVEL": "INFO"}
    for name, value in {**chosen, **(settings or {})}.items():
        words += ["-s", f"{name}={value}"]
    return fork(words, folder=folder, prelude=f"{little_memory(MEMORY_MB)}\n{measured()}")


def crawl_by_stock(fault: str, seed: int, world: World, folder: Path) -> Stock:
    """Stock Scrapy under a fault, held against the truth."""
    with StandIn(world.folder, faults=[fault] if fault else [], seed=seed) as site:
        crawl = start_stock(site.url, folder)
        hung = crawl.wait(PATIENCE_S)
        ended = crawl.end(0.0 if hung else PATIENCE_S)
        must, may = site.likes()
        found, rude = _feed(folder), sum(site.rude().values())
    return Stock(
        fault,
        lost=len(must - found.keys()),
        repeated=found.total() - len(found),
        invented=len(found.keys() - must - may),
        code=None if hung else ended.code,
        peak_mb=round(ended.figures.get("peak_mb", 0)),
        rude=rude,
    )


def kill_stock(world: World, folder: Path, seed: int, kills: int = 1) -> Stock:
    """Stock Scrapy killed in mid-crawl and started again with its job folder."""
    dice = random.Random(seed)
    with StandIn(world.folder) as site:
        for _ in range(kills):
            crawl = start_stock(site.url, folder, {"DOWNLOAD_DELAY": 0.01})
            crawl.wait_opened()
            crawl.wait(dice.uniform(0.3, 1.5))
            crawl.kill()
            crawl.end()
        ended = start_stock(site.url, folder).end()
        must, may = site.likes()
        found, rude = _feed(folder), sum(site.rude().values())
    return Stock(
        f"SIGKILL, {kills} times",
        lost=len(must - found.keys()),
        repeated=found.total() - len(found),
        invented=len(found.keys() - must - may),
        code=ended.code,
        peak_mb=0,
        rude=rude,
    )


def _feed(folder: Path) -> Counter[tuple[str, str]]:
    """Likes of the feed; a line that a kill tore is none."""
    path = folder / "likes.jsonl"
    found: Counter[tuple[str, str]] = Counter()
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
            found[row["user_handle"], row["item_id"]] += 1
        except (ValueError, KeyError, TypeError):
            continue
    return found
