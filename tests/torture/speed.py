"""How fast likes are crawled: beside a bare spider, and by two processes on one ledger."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Crawl, Crawler, fork
from tests.torture.landed import Landed
from tests.torture.lines import CATALOGUE, ITEM_LIKES
from tests.torture.preludes import measured
from tests.torture.stand_in import StandIn
from tests.torture.worlds import World

__all__ = ["Race", "Shared", "race", "share"]

SPIDER = Path(__file__).with_name("bare_spider.py")
CONCURRENCY = {
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "LOG_LEVEL": "INFO",
}
"""As the fast profile has it."""
PATIENCE_S = 600.0
PART_AGE_S = 100.0
TOGETHER = "together"


@dataclass(frozen=True)
class Race:
    """Responses a second, of wall and of processor, of our crawls and of bare ones in turns."""

    pages: int
    ours: tuple[float, ...]
    bare: tuple[float, ...]
    ours_by_cpu: tuple[float, ...]
    bare_by_cpu: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of ours by median of bare."""
        return statistics.median(self.ours) / statistics.median(self.bare)

    @property
    def ratio_by_cpu(self) -> float:
        """The same by processor time, which other work on the machine disturbs less."""
        return statistics.median(self.ours_by_cpu) / statistics.median(self.bare_by_cpu)


@dataclass(frozen=True)
class Shared:
    """Likes landed by one process and by several on one ledger, and how long both took.

    A part is older than ``part_age_s`` when it is landed though it is not full: processes that
    wait for each other's parts would take longer.
    """

    alone_s: float
    together_s: float
    part_age_s: float
    rows: tuple[int, ...]
    twice: int
    astray: int


def race(world: World, folder: Path, rounds: int = 3) -> Race:
    """Crawl the likes of a world by our spider and by a bare one, in turns."""
    urls = folder / "urls.json"
    folder.mkdir(parents=True)
    with StandIn(world.folder) as site:
        _catalogue(site.url, folder / "template")
        _likes(site.url, folder, "pilot").end(PATIENCE_S)
        paths = [line["path"] for line in site.requests()]
        urls.write_text(json.dumps([path for path in paths if path.startswith("/i/likes")]))
    ours, bare = [], []
    with StandIn(world.folder, logged=False) as site:
        for number in range(rounds):
            bare.append(_bare(site.url, urls, folder))
            ours.append(_figures(_likes(site.url, folder, f"round-{number}")))
    return Race(
        pages=len(json.loads(urls.read_text())),
        ours=_rates(ours, "seconds"),
        bare=_rates(bare, "seconds"),
        ours_by_cpu=_rates(ours, "cpu_s"),
        bare_by_cpu=_rates(bare, "cpu_s"),
    )


def share(world: World, folder: Path, ledger_url: str, workers: int = 2) -> Shared:
    """Crawl the likes of a world by one process, then by several, on one ledger."""
    folder.mkdir(parents=True)
    with StandIn(world.folder, logged=False) as site:
        _catalogue(site.url, folder / "template")
        alone = _likes(site.url, folder, "alone", ledger_url).end(PATIENCE_S)
        data = _data(folder, "together")
        names = [f"{number}/{workers}" for number in range(1, workers + 1)]
        crawls = [
            _begin(site.url, data, ledger_url, worker=name, run_id=TOGETHER) for name in names
        ]
        ends = [crawl.end(PATIENCE_S) for crawl in crawls]
    logs = [end.log for end in (alone, *ends) if end.code]
    if logs:
        raise RuntimeError("\n".join(logs))
    landed = Landed.of(data, ITEM_LIKES.table, TOGETHER)
    found = landed.likes()
    return Shared(
        alone_s=alone.figures["seconds"],
        together_s=max(end.figures["seconds"] for end in ends),
        part_age_s=PART_AGE_S,
        rows=tuple(sum(part["rows"] for part in m["parts"]) for m in landed.manifests),
        twice=found.total() - len(found),
        astray=len(world.likes ^ found.keys()),
    )


def _catalogue(url: str, data: Path) -> None:
    ended = Crawler(data).run(url, **CATALOGUE.asked)
    if ended.code:
        raise RuntimeError(f"no catalogue:\n{ended.log}")


def _data(folder: Path, name: str) -> Path:
    """A data folder with the catalogue in it, and no ledger yet."""
    shutil.copytree(folder / "template", folder / name)
    (folder / name / "raw" / "sketchfab" / "ledger.sqlite").unlink()
    return folder / name


def _likes(url: str, folder: Path, name: str, ledger_url: str = "") -> Crawl:
    return _begin(url, _data(folder, name), ledger_url, run_id="r")


def _begin(url: str, data: Path, ledger_url: str, **arguments: str) -> Crawl:
    environment = {"LIKEWISE_LEDGER_URL": ledger_url} if ledger_url else {}
    crawler = Crawler(data, {"LANDING_PART_AGE_S": PART_AGE_S}, environment)
    return crawler.start(url, prelude=measured(), **{**ITEM_LIKES.asked, **arguments})


def _bare(url: str, urls: Path, folder: Path) -> dict[str, float]:
    words = ["scrapy", "runspider", str(SPIDER), "-a", f"base_url={url}", "-a", f"urls={urls}"]
    for name, value in CONCURRENCY.items():
        words += ["-s", f"{name}={value}"]
    return _figures(fork(words, folder=folder, prelude=measured()))


def _figures(crawl: Crawl) -> dict[str, float]:
    ended = crawl.end(PATIENCE_S)
    if ended.code:
        raise RuntimeError(f"exit {ended.code}:\n{ended.log}")
    return ended.figures


def _rates(figures: Sequence[dict[str, float]], by: str) -> tuple[float, ...]:
    return tuple(each["responses"] / each[by] for each in figures)
