"""Crawls as the raw zone has them: runs that share a crawl are one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from pipeline.dataset.raw import RawRun, raw_runs
from pipeline.errors import RawZoneError
from scrapers.records import LandedUnit, Mode, RawTable, RunStatus, UnitKind, UnitState

__all__ = ["Crawl", "crawls_of", "instant", "raw_crawls"]

_UNREAD: Final = "units_unread"
_THOROUGH: Final = 0.98
_WORKER: Final = re.compile(r".*\.\d+-of-(?P<workers>\d+)")


@dataclass(frozen=True)
class Crawl:
    """What a crawl landed of one table, in one run or in a run of each of its workers."""

    crawl_id: str
    runs: tuple[RawRun, ...]

    @property
    def table(self) -> RawTable:
        """The table that was landed."""
        return self.runs[0].manifest.table

    @property
    def mode(self) -> Mode:
        """What was visited: all, only where each of its runs visited all."""
        whole = all(run.manifest.mode is Mode.FULL for run in self.runs)
        return Mode.FULL if whole else Mode.INCREMENTAL

    @cached_property
    def began_at(self) -> datetime:
        """When the first of its runs began; nothing of it was read before."""
        return min(instant(run, run.manifest.started_at) for run in self.runs)

    @cached_property
    def ended_at(self) -> datetime:
        """When the last of its runs finished, as far as they say so."""
        return max(
            instant(run, run.manifest.finished_at or run.manifest.started_at) for run in self.runs
        )

    @property
    def is_complete(self) -> bool:
        """Whether every worker has landed a run, and each of them is complete."""
        complete = all(run.manifest.status is RunStatus.COMPLETE for run in self.runs)
        return complete and self._has_all_workers

    @property
    def _has_all_workers(self) -> bool:
        named = (_WORKER.fullmatch(run.run_id) for run in self.runs)
        workers = max((int(match["workers"]) for match in named if match), default=1)
        return len(self.runs) >= workers

    @cached_property
    def units(self) -> Mapping[tuple[UnitKind, str], LandedUnit]:
        """Units that ended, by kind and key; of one that ended twice, the last end."""
        ends = [unit for run in self.runs for unit in run.manifest.units.values()]
        return {(unit.kind, unit.key): unit for unit in sorted(ends, key=_ended_at)}

    @property
    def counts(self) -> Mapping[str, int]:
        """Figures of all its runs together."""
        totals: Counter[str] = Counter()
        for run in self.runs:
            totals.update(run.manifest.counts)
        return totals

    @property
    def is_thorough(self) -> bool:
        """Whether it can be counted on: nothing is unread, and next to nothing has failed.

        Some lists of a site are always short, so that hardly any crawl of it is complete.
        """
        if self.is_complete:
            return True
        statuses = {run.manifest.status for run in self.runs}
        units = self.units.values()
        unread = min(run.manifest.counts.get(_UNREAD, 0) for run in self.runs)
        if not units or unread or not statuses <= {RunStatus.COMPLETE, RunStatus.PARTIAL}:
            return False
        done = sum(unit.state is UnitState.DONE for unit in units)
        return self._has_all_workers and done >= _THOROUGH * len(units)

    @property
    def rows(self) -> int:
        """Rows that are listed."""
        return sum(run.manifest.rows for run in self.runs)


def _ended_at(unit: LandedUnit) -> str:
    return unit.ended_at


def raw_crawls(data: Path, site: str, table: RawTable) -> list[Crawl]:
    """Crawls of a table in the order in which they began.

    Raises
    ------
    RawZoneError : a manifest that cannot be read, or an instant in it that is none.
    """
    return crawls_of(raw_runs(data, site, table))


def crawls_of(runs: Iterable[RawRun]) -> list[Crawl]:
    """Runs of one table as crawls, in the order in which these began."""
    by_crawl: dict[str, list[RawRun]] = {}
    for run in runs:
        by_crawl.setdefault(run.crawl_id, []).append(run)
    crawls = [Crawl(crawl_id, tuple(found)) for crawl_id, found in by_crawl.items()]
    return sorted(crawls, key=lambda crawl: (crawl.began_at, crawl.crawl_id))


def instant(run: RawRun, text: str) -> datetime:
    """An instant of a run's manifest; without a zone it is in UTC.

    Raises
    ------
    RawZoneError : the text is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as err:
        raise RawZoneError(
            f"manifest of {run.folder} says {text!r}, which is no instant: correct it, or remove "
            "the folder"
        ) from err
    return found if found.tzinfo else found.replace(tzinfo=UTC)
