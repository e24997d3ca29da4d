"""Days on which a hundredth of the likes change: what an incremental crawl saves and misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Crawler
from tests.torture.landed import Landed
from tests.torture.stand_in import StandIn

__all__ = ["Day", "days_of"]

STAGES = ({"stage": "catalogue", "catalogue": "json"}, {"stage": "likes"}, {"stage": "features"})


@dataclass(frozen=True)
class Day:
    """What a crawl of all stages asked for and found after a day of changes.

    ``new`` are the likes that came since the crawl before.  Of those that lie in no crawl since
    the last full one, ``hidden`` are of items that announce as many likes as then, for as many
    have gone; ``missed`` are all others.  A full crawl's ``astray`` are likes that it lacks
    or made up.
    """

    name: str
    codes: tuple[int, ...]
    requests: int
    new: int
    missed: int
    hidden: int
    repeated: int
    astray: int

    def saved(self, full: Day) -> float:
        """Share of a full crawl's requests that were not made."""
        return 1.0 - self.requests / full.requests


def days_of(
    world: Path, data: Path, *, n_days: int, churn: float = 0.01, seed: int = 0, swap: int = 5
) -> Iterator[Day]:
    """A full crawl, days of churn each with an incremental one, a swap, and both crawls of it.

    Names are ``full``, ``day 1`` and so on, ``swap`` (incremental) and ``full again``.
    """
    with StandIn(world, options=["--mutable"]) as site:
        crawls = _Crawls(site, data)
        yield crawls.crawl("full", "full")
        for n in range(1, n_days + 1):
            site.ask(f"/_world/advance?days=1&churn={churn}&seed={seed + n}", method="POST")
            yield crawls.crawl(f"day {n}", "incremental")
        swapped = site.ask(f"/_world/advance?days=0&swap={swap}&seed={seed}", method="POST")
        if swapped["likes_swapped"] < swap:
            raise RuntimeError(f"{swapped['likes_swapped']} of {swap} likes were swapped")
        before = crawls.known
        yield crawls.crawl("swap", "incremental")
        crawls.known = before  # what the swap brought is new to the full crawl
        yield crawls.crawl("full again", "full")


class _Crawls:
    """Crawls of one site, one after the other, on one data folder."""

    def __init__(self, site: StandIn, data: Path) -> None:
        self._site = site
        self._crawler = Crawler(data)
        self.known: set[tuple[str, ...]] = set()
        self._landed: set[tuple[str, ...]] = set()  # since the last full crawl

    def crawl(self, name: str, mode: str) -> Day:
        """Crawl all stages."""
        run_id = name.replace(" ", "-")
        before = self._site.manners()["requests"]
        codes = tuple(self._ended(stage, run_id, mode) for stage in STAGES)
        requests = self._site.manners()["requests"] - before
        truth, _ = self._site.likes()
        counts, counted = _counts(truth), _counts(self.known)
        new, self.known = truth - self.known, set(truth)
        found = Landed.of(self._crawler.data, "likes", run_id).likes()
        self._landed = set(found) | (set() if mode == "full" else self._landed)
        lacking = [item for handle, item in new if (handle, item) not in self._landed]
        hidden = sum(counts[item] == counted[item] for item in lacking)
        return Day(
            name,
            codes,
            requests,
            new=len(new),
            missed=len(lacking) - hidden,
            hidden=hidden,
            repeated=found.total() - len(found),
            astray=len(truth ^ found.keys()) if mode == "full" else 0,
        )

    def _ended(self, stage: dict[str, str], run_id: str, mode: str) -> int:
        ended = self._crawler.run(self._site.url, **stage, run_id=run_id, mode=mode)
        if ended.code not in {0, 3}:
            raise RuntimeError(f"{run_id}, {stage['stage']}:\n{ended.log}")
        return ended.code


def _counts(pairs: Iterable[tuple[str, ...]]) -> Counter[str]:
    """Likes of each item."""
    return Counter(item for _, item in pairs)
