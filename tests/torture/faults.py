"""Crawls of a stand-in that plays faults: what is lost, repeated, made up, and what is said."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Crawler
from tests.torture.lines import BROWSER, CATALOGUE, FEATURES, ITEM_LIKES, USER_LIKES, Line
from tests.torture.stand_in import StandIn
from tests.torture.verdicts import Truth, Verdict, judge
from tests.torture.worlds import World

__all__ = [
    "ALL",
    "FAULTS",
    "MAY_BE_PARTIAL",
    "SURVIVABLE",
    "Case",
    "Outcome",
    "cases",
    "mixes",
    "play",
    "play_all",
]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAULTS = _words(
    """
    status-429-seconds status-429-date status-429-bare status-503-retry-after status-500-once
    status-500-forever status-403-midrun status-404-listed status-200-error-page
    refused reset-mid-body short-content-length broken-chunk hang-before-headers
    hang-after-headers one-byte-a-second bad-tls
    cut-json html-for-json wrong-charset bom nan-and-huge-integers depth-100000 gzip-bomb
    page-500-mb empty-200
    insert delete reorder repeated-page next-loop next-null-too-early announced-count-wrong
    page-size-changes
    field-renamed type-changed field-gone-30-percent dom-class-changed
    redirect-loop redirect-to-seen redirect-to-private robots-503 robots-turns-disallow
    """
)
MAY_BE_PARTIAL = frozenset(
    _words(
        """
        status-500-forever status-403-midrun next-null-too-early announced-count-wrong
        field-renamed type-changed dom-class-changed robots-turns-disallow bad-tls page-500-mb
        gzip-bomb
        """
    )
)
SURVIVABLE = tuple(name for name in FAULTS if name not in MAY_BE_PARTIAL)

ALL = (CATALOGUE, ITEM_LIKES, USER_LIKES, FEATURES)
MIXED = (CATALOGUE, ITEM_LIKES, FEATURES)
_FROM_TWO_TO_FOUR = (2, 4)

_SETTINGS = {
    "DOWNLOAD_TIMEOUT": 2,
    "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 5_000,
    "RETRY_BACKOFF_S": 0.05,
    "RETRY_BACKOFF_MAX_S": 0.5,
    "LANDING_PART_ROWS": 400,
    "LANDING_PART_AGE_S": 0.5,
}
"""Short waits, so that a run lasts seconds."""
_SLOW = {"robots-turns-disallow": {"DOWNLOAD_DELAY": 0.03}}
"""A crawl must last longer than a robots.txt is good for."""
_PATIENCE_S = {"bad-tls": 3.0, "robots-turns-disallow": 3.0}
_DEFAULT_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Case:
    """Faults to play together, with the lines that are crawled meanwhile."""

    faults: tuple[str, ...]
    seed: int
    lines: tuple[Line, ...] = ALL

    @property
    def name(self) -> str:
        """Words for a table."""
        return " + ".join(self.faults)

    @property
    def may_be_partial(self) -> bool:
        """Whether a fault of it may keep a crawl from being whole."""
        return not MAY_BE_PARTIAL.isdisjoint(self.faults)


@dataclass(frozen=True)
class Outcome:
    """A case and the verdict on each of its lines.

    ``played`` says how often its faults were, ``rude`` which requests went against the site's
    word.
    """

    case: Case
    verdicts: tuple[Verdict, ...]
    played: int
    rude: Mapping[str, int]

    @property
    def bad(self) -> list[str]:
        """What must not be, in words."""
        return self.unsound + [
            f"{count} requests {name}" for name, count in self.rude.items() if count
        ]

    @property
    def unsound(self) -> list[str]:
        """Crawls that lost, repeated or made up something, in words."""
        return [verdict.told() for verdict in self.verdicts if not self._is_well(verdict)]

    def _is_well(self, verdict: Verdict) -> bool:
        return verdict.is_whole or (self.case.may_be_partial and verdict.is_honest)


def cases(names: Sequence[str], seeds: Sequence[int], lines: tuple[Line, ...] = ALL) -> list[Case]:
    """Each fault with each seed; the grid in a browser with the first one."""
    browsed = (*lines, BROWSER)
    return [
        Case((name,), seed, browsed if seed == seeds[0] else lines)
        for name in names
        for seed in seeds
    ]


def mixes(n: int, seed: int = 0, lines: tuple[Line, ...] = MIXED) -> list[Case]:
    """Two to four survivable faults together; each fault comes up before one does twice."""
    dice, left, found = random.Random(seed), [], []
    for number in range(n):
        if len(left) < _FROM_TWO_TO_FOUR[1]:
            fresh = [name for name in SURVIVABLE if name not in left]
            left += dice.sample(fresh, len(fresh))
        size = dice.randint(*_FROM_TWO_TO_FOUR)
        found.append(Case(tuple(left[:size]), seed + number, lines))
        left = left[size:]
    return found


def play(case: Case, world: World, template: Path, folder: Path) -> Outcome:
    """Crawl the lines of a case, one after the other, from one stand-in.

    Where the catalogue could not be read whole, the later lines visit a good one's items, each
    from a stand-in that has not been provoked yet.

    Parameters
    ----------
    template : data folder in which a good catalogue lies.
    """
    verdicts, played, rude, data = [], 0, Counter[str](), folder / "data"
    lines = list(case.lines)
    while lines:
        with StandIn(world.folder, faults=case.faults, seed=case.seed) as site:
            while lines:
                line = lines.pop(0)
                verdicts.append(_crawl(line, case, site, world, data))
                if not verdicts[-1].is_whole:
                    break
            played += sum(site.faults().values())
            rude.update(site.rude())
        if line is CATALOGUE and not verdicts[-1].is_whole:
            data = folder / "template"
            shutil.copytree(template, data)
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(case, tuple(verdicts), played, rude)


def play_all(
    played: Sequence[Case], world: World, template: Path, folder: Path, workers: int = 2
) -> Iterator[Outcome]:
    """Outcomes of cases in their order, some played side by side."""
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(
            lambda numbered: play(numbered[1], world, template, folder / str(numbered[0])),
            enumerate(played),
        )


def _crawl(line: Line, case: Case, site: StandIn, world: World, data: Path) -> Verdict:
    folder = data.with_name("browsed") if line is BROWSER else data
    patience_s = min(_PATIENCE_S.get(name, _DEFAULT_PATIENCE_S) for name in case.faults)
    patience = {"LIKEWISE_PATIENCE_H": f"{patience_s / 3600:.6f}"}
    settings = {**_SETTINGS, **_SLOW.get(case.name, {})}
    ended = Crawler(folder, settings, patience).run(site.url, **line.asked)
    return judge(line, folder, ended, _truth(line, site, world), world)


def _truth(line: Line, site: StandIn, world: World) -> Truth:
    if line.table == "items":
        return Truth(world.items, frozenset())
    must, may = site.likes("user" if line is USER_LIKES else "item")
    if line.table == "likes":
        return Truth(must, may)
    shown = {(item_id,) for _, item_id in must}
    return Truth(shown, world.items)
