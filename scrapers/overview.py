"""Crawls that a person may ask about: which there are, how they stand, how to go on with them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from scrapers.environment import CrawlSettings, read_settings
from scrapers.errors import LedgerError, SettingsError
from scrapers.ledger_database import LEDGER_NAME, Database, ledger_url
from scrapers.ledger_runs import Process, processes
from scrapers.ledger_view import StageView, Standing, view
from scrapers.records import STAGE_TABLES, UnitState, raw_folder
from scrapers.rejects import count_reasons

__all__ = [
    "RETRIED",
    "Crawl",
    "CrawlStatus",
    "Rejected",
    "command",
    "crawls",
    "read_status",
    "settings_of",
]

RETRIED: Final = (UnitState.PARTIAL, UnitState.FAILED)
"""How units end that can be tried again."""
_FIRST: Final = ("base_url", "stage", "run_id")


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl, where its ledger is, and who works or worked on it, the last begun first."""

    site: str
    crawl_id: str
    database: Database
    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file of records that were set aside, and for how many which reason was given."""

    path: Path
    records: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CrawlStatus:
    """How a crawl stands; ``go_on`` are the commands that take it up where it stopped."""

    site: str
    crawl_id: str
    read_at: datetime
    stages: tuple[StageView, ...]
    rejected: tuple[Rejected, ...]
    go_on: tuple[str, ...]


def settings_of(environment: Mapping[str, str]) -> CrawlSettings:
    """Settings with defaults filled in.

    Raises
    ------
    SettingsError : every fault of them.
    """
    faults: list[str] = []
    settings = read_settings(environment, faults)
    if faults:
        raise SettingsError(faults)
    return settings


@contextmanager
def crawls(settings: CrawlSettings, site: str | None, run: str | None) -> Iterator[list[Crawl]]:
    """The crawl that was begun last of each site, or of one site, or the one that is named.

    Raises
    ------
    LedgerError : there is none.
    """
    with ExitStack() as stack:
        found = []
        for database in _databases(settings, site):
            stack.callback(database.close)
            if database.has_tables():
                found += _last_begun(database, site, run)
        if not found:
            raise LedgerError(_none(settings, site, run))
        yield found


def read_status(crawl: Crawl, data: Path, now: datetime, limit: int | None) -> CrawlStatus:
    """How a crawl stands; at most `limit` units that are not whole are named in each stage."""
    with crawl.database.read() as connection:
        stages = view(connection, crawl.processes, now=now, limit=limit)
    files = [path for process in crawl.processes for path in _reject_files(data, process)]
    return CrawlStatus(
        crawl.site,
        crawl.crawl_id,
        now,
        tuple(stages),
        tuple(Rejected(path, *count_reasons(path)) for path in files),
        tuple(_go_on(crawl, stages, now)),
    )


def _go_on(crawl: Crawl, stages: Sequence[StageView], now: datetime) -> Iterator[str]:
    """Commands that go on; units that ended badly stay so until they are to be tried again."""
    stopped = [(stage, process) for stage in stages for process in _stopped(stage, now)]
    ended = {state for stage, _ in stopped for state in RETRIED if stage.count(state)}
    if ended:
        states = [word for state in RETRIED if state in ended for word in ("--state", state)]
        of_crawl = ["--site", crawl.site, "--run", crawl.crawl_id]
        yield shlex.join(["python", "-m", "scrapers", "retry", *of_crawl, *states])
    yield from (command(process) for _, process in stopped)


def command(process: Process) -> str:
    """What takes a process's work up again where it stopped, for a shell."""
    given = process.arguments
    names = [name for name in _FIRST if name in given]
    names += [name for name in given if name not in _FIRST]
    words = ["scrapy", "crawl", process.site]
    for name in names:
        words += ["-a", f"{name}={given[name]}"]
    return shlex.join(words)


def _stopped(stage: StageView, now: datetime) -> list[Process]:
    """Processes that would go on with a stage: the lost ones, all where nobody is at work."""
    is_over = stage.standing(now) not in {Standing.AT_WORK, Standing.COMPLETE}
    return [process for process in stage.processes if is_over or process.is_lost(now)]


def _reject_files(data: Path, process: Process) -> list[Path]:
    folder = raw_folder(data, process.site, STAGE_TABLES[process.stage], process.landing_id)
    return sorted(folder.glob("rejects*"))


def _databases(settings: CrawlSettings, site: str | None) -> list[Database]:
    data, url = settings.data, settings.ledger_url
    if url is not None or site is not None:
        return [Database(ledger_url(data, site or "", url))]
    files = sorted((data / "raw").glob(f"*/{LEDGER_NAME}"))
    return [Database(ledger_url(data, file.parent.name)) for file in files]


def _last_begun(database: Database, site: str | None, run: str | None) -> list[Crawl]:
    with database.read() as connection:
        found = sorted(processes(connection, site, run), key=lambda process: process.site)
    last_begun = []
    for name, of_site in groupby(found, key=lambda process: process.site):
        begun = list(of_site)
        last = tuple(process for process in begun if process.crawl_id == begun[0].crawl_id)
        last_begun.append(Crawl(name, last[0].crawl_id, database, last))
    return last_begun


def _none(settings: CrawlSettings, site: str | None, run: str | None) -> str:
    asked = f"crawl {run}" if run else "crawl"
    of_site = f" of {site}" if site else ""
    place = "LIKEWISE_LEDGER_URL" if settings.ledger_url else f"LIKEWISE_DATA ({settings.data})"
    return f"no {asked}{of_site} is known: see that {place} is the one that it was begun with"
