"""How fast a crawl asks, and how many requests it has under way, as the site's log has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture.crawling import Crawl, Crawler
from tests.torture.lines import CATALOGUE, ITEM_LIKES
from tests.torture.stand_in import StandIn
from tests.torture.stock import start_stock
from tests.torture.worlds import World

__all__ = ["DELAY_S", "MOST_AT_ONCE", "Pace", "our_pace", "stock_pace"]

DELAY_S = 0.25
MOST_AT_ONCE = 2
LATENCY_S = 0.3
JITTER_S = 0.07
"""By which two requests may come closer than they were sent, on a machine with other work."""
ASKED = {"DOWNLOAD_DELAY": DELAY_S, "CONCURRENT_REQUESTS_PER_DOMAIN": MOST_AT_ONCE}


@dataclass(frozen=True)
class Pace:
    """Requests of a crawl that was told to keep `DELAY_S` and `MOST_AT_ONCE`.

    ``hasty`` are those that came sooner after the one before than they may, ``most_at_once``
    how many were under way together.
    """

    who: str
    requests: int
    hasty: int
    shortest_s: float
    most_at_once: int

    @property
    def is_kept(self) -> bool:
        """Whether it did as it was told."""
        return self.hasty == 0 and self.most_at_once <= MOST_AT_ONCE


def our_pace(world: World, folder: Path, workers: int = 1) -> Pace:
    """Pace of a crawl of likes; of several processes that share it, of all together."""
    data, who = folder / "data", "ours" if workers == 1 else f"ours, {workers} processes"
    with StandIn(world.folder) as site:
        Crawler(data).run(site.url, **CATALOGUE.asked)
    crawler = Crawler(data, ASKED)
    names = [f"{number}/{workers}" for number in range(1, workers + 1)]
    with StandIn(world.folder, options=["--latency-s", str(LATENCY_S)]) as site:
        crawls = [crawler.start(site.url, **ITEM_LIKES.asked, worker=name) for name in names]
        return _paced(who, crawls, site, workers)


def stock_pace(world: World, folder: Path) -> Pace:
    """Pace of stock Scrapy with the same delay and concurrency."""
    with StandIn(world.folder, options=["--latency-s", str(LATENCY_S)]) as site:
        return _paced("stock", [start_stock(site.url, folder, ASKED)], site, 1)


def _paced(who: str, crawls: Sequence[Crawl], site: StandIn, workers: int) -> Pace:
    for crawl in crawls:
        ended = crawl.end()
        if ended.code:
            raise RuntimeError(ended.log)
    return pace_of(who, site.requests(), workers)


def pace_of(who: str, requests: Sequence[dict[str, Any]], workers: int = 1) -> Pace:
    """Pace of the requests of a log, in the order of arrival.

    Processes that share a crawl do not know of each other's requests: of `workers` of them, as
    many may come at once, and so many delays later the next.
    """
    arrivals = [line["started_s"] for line in requests]
    gaps = [later - sooner for sooner, later in zip(arrivals, arrivals[workers:], strict=False)]
    return Pace(
        who,
        len(requests),
        hasty=sum(gap < DELAY_S * workers - JITTER_S for gap in gaps),
        shortest_s=min(gaps),
        most_at_once=_most_at_once(requests),
    )


def _most_at_once(requests: Sequence[dict[str, Any]]) -> int:
    """An answer that ends as another request comes is not under way any more."""
    moments = [(line["started_s"], 1) for line in requests]
    moments += [(line["started_s"] + line["duration_s"] - 0.001, -1) for line in requests]
    under_way = most = 0
    for _, change in sorted(moments):
        under_way += change
        most = max(most, under_way)
    return most
