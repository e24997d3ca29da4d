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

__all__ = ["MANY_AT_ONCE", "ONE_BY_ONE", "Asked", "Pace", "our_pace", "pace_of", "stock_pace"]

SOON_S = 0.0175
"""Less than the delay: a request that comes sooner after the one before was sent too soon..."""
PARDONED = 0.1
"""...or the one before was late, as happens to some on a machine with other work."""


@dataclass(frozen=True)
class Asked:
    """What a crawl is told to keep, and how long the site takes for an answer."""

    delay_s: float
    most_at_once: int
    latency_s: float

    @property
    def settings(self) -> dict[str, object]:
        """Settings of Scrapy, ours and stock."""
        most = self.most_at_once
        return {"DOWNLOAD_DELAY": self.delay_s, "CONCURRENT_REQUESTS_PER_DOMAIN": most}


ONE_BY_ONE = Asked(delay_s=0.35, most_at_once=4, latency_s=0.001)
"""The delay holds requests back."""
MANY_AT_ONCE = Asked(delay_s=0.02, most_at_once=2, latency_s=0.3)
"""Answers under way hold requests back."""


@dataclass(frozen=True)
class Pace:
    """Requests of a crawl that was told to keep `asked`.

    ``hasty`` are those that came too soon after the one before, ``at_once`` is how many were
    under way together at most.
    """

    who: str
    asked: Asked
    requests: int
    hasty: int
    shortest_s: float
    at_once: int

    @property
    def is_kept(self) -> bool:
        """Whether it did as it was told."""
        most = self.requests * PARDONED
        return self.hasty <= most and self.at_once <= self.asked.most_at_once


def our_pace(world: World, folder: Path, asked: Asked, workers: int = 1) -> Pace:
    """Pace of a crawl of likes; of several processes that share it, of all together."""
    data, who = folder / "data", "ours" if workers == 1 else f"ours, {workers} processes"
    with StandIn(world.folder) as site:
        Crawler(data).run(site.url, **CATALOGUE.asked)
    crawler = Crawler(data, asked.settings)
    names = [f"{number}/{workers}" for number in range(1, workers + 1)]
    with StandIn(world.folder, options=["--latency-s", str(asked.latency_s)]) as site:
        crawls = [crawler.start(site.url, **ITEM_LIKES.asked, worker=name) for name in names]
        return _paced(who, asked, crawls, site)


def stock_pace(world: World, folder: Path, asked: Asked) -> Pace:
    """Pace of stock Scrapy that is told the same."""
    with StandIn(world.folder, options=["--latency-s", str(asked.latency_s)]) as site:
        return _paced("stock", asked, [start_stock(site.url, folder, asked.settings)], site)


def _paced(who: str, asked: Asked, crawls: Sequence[Crawl], site: StandIn) -> Pace:
    for crawl in crawls:
        ended = crawl.end()
        if ended.code:
            raise RuntimeError(ended.log)
    return pace_of(who, asked, site.requests(), len(crawls))


def pace_of(who: str, asked: Asked, requests: Sequence[dict[str, Any]], workers: int = 1) -> Pace:
    """Pace of the requests of a log, in the order of arrival.

    Processes that share a crawl do not know of each other's requests: of `workers` of them, as
    many may come together, and the next ones as many delays later.
    """
    arrivals = [line["started_s"] for line in requests]
    gaps = [later - sooner for sooner, later in zip(arrivals, arrivals[workers:], strict=False)]
    return Pace(
        who,
        asked,
        len(requests),
        hasty=sum(gap < workers * asked.delay_s - SOON_S for gap in gaps),
        shortest_s=min(gaps),
        at_once=_most_at_once(requests),
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
