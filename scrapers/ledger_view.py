"""What a ledger says of a crawl, for people: how far, how fast, how long still, what is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, and_, case, cast, func, select

from scrapers.ledger_claims import Scope
from scrapers.ledger_ends import ENDS, landed_unit
from scrapers.ledger_runs import Process
from scrapers.ledger_tables import units
from scrapers.records import STAGE_KINDS, LandedUnit, RunStatus, Stage, UnitKind, UnitState

__all__ = ["RATE_WINDOW_S", "KindView", "Missing", "StageView", "Standing", "reason", "view"]

RATE_WINDOW_S: Final = 300.0
"""Seconds over which the rate is taken."""
_LEAST_S: Final = 5.0  # a rate of fewer seconds says little
_ROWS_A_REQUEST: Final = 20  # a list takes about a request for as many rows, and at least one
_NOT_WHOLE: Final = (UnitState.PARTIAL, UnitState.FAILED)
_NOT_DONE: Final = (*_NOT_WHOLE, UnitState.PENDING, UnitState.LEASED)
_COUNTS: Final = re.compile(r"^[\d,]+(?: of [\d,]+)? \w+: ")


class Standing(StrEnum):
    """Where a stage stands, in a word; lost is what ended without saying so."""

    AT_WORK = "at work"
    LOST = "lost"
    FAILED = "failed"
    PARTIAL = "partial"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class KindView:
    """Units of one kind by state; ``read`` rows of those that ended.

    ``lapsed`` of the leased ones belong to nobody any more: their lease ran out.
    """

    kind: UnitKind
    states: Mapping[UnitState, int]
    read: int
    lapsed: int

    @property
    def total(self) -> int:
        """Units in all states."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Missing:
    """Why so many units are partial or failed; the reason without how much was read."""

    state: UnitState
    why: str
    units: int


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage of a crawl.

    ``units_per_s`` and ``left_s`` are None where nobody is at work, or not for long enough;
    ``named`` are the first of the units that are partial or failed.
    """

    stage: Stage
    processes: tuple[Process, ...]
    kinds: tuple[KindView, ...]
    units_per_s: float | None
    left_s: float | None
    missing: tuple[Missing, ...]
    named: tuple[LandedUnit, ...]

    def standing(self, now: datetime) -> Standing:
        """Where the stage stands: by who is at work, by its units, by who ended it."""
        if any(process.is_alive(now) for process in self.processes):
            return Standing.AT_WORK
        if any(process.is_lost(now) for process in self.processes):
            return Standing.LOST
        ended = [(process.ended_at, process.status) for process in self.processes]
        _, status = max(ended, key=lambda end: end[0] or now, default=(now, RunStatus.COMPLETE))
        if status is RunStatus.COMPLETE and self.count(*_NOT_DONE):
            return Standing.PARTIAL
        return Standing(status)

    def count(self, *states: UnitState) -> int:
        """Units of all kinds in one of the states."""
        return sum(kind.states.get(state, 0) for kind in self.kinds for state in states)

    @property
    def total(self) -> int:
        """Units of all kinds."""
        return sum(kind.total for kind in self.kinds)


def view(
    connection: Connection,
    processes: Sequence[Process],
    *,
    now: datetime,
    limit: int | None,
) -> list[StageView]:
    """Stages of a crawl in the order in which they are crawled.

    Parameters
    ----------
    processes : all of the crawl, one at least.
    limit : most units that are named in each stage; None for all.
    """
    stages = [_stage(connection, processes, stage, now, limit) for stage in STAGE_KINDS]
    return [stage for stage in stages if stage.processes or stage.kinds]


def _stage(
    connection: Connection,
    processes: Sequence[Process],
    stage: Stage,
    now: datetime,
    limit: int | None,
) -> StageView:
    scope = Scope(processes[0].site, processes[0].crawl_id, owner="")
    of_kinds = and_(scope.crawl, units.c.kind.in_(STAGE_KINDS[stage]))
    at_work = tuple(process for process in processes if process.stage is stage)
    since = _since(at_work, now)
    rows = _totals(connection, of_kinds, since or now, now)
    speed = _Speed() if since is None else _Speed.of(rows, (now - since).total_seconds())
    return StageView(
        stage,
        at_work,
        _kinds(rows),
        speed.units_per_s,
        speed.left_s,
        _missing(connection, of_kinds),
        _named(connection, of_kinds, limit),
    )


def reason(why: str | None) -> str:
    """Why a unit is not whole, without how much of it was read."""
    return _COUNTS.sub("", why or "no reason given")


@dataclass(frozen=True, slots=True)
class _Speed:
    units_per_s: float | None = None
    left_s: float | None = None

    @classmethod
    def of(cls, rows: Iterable[Row[*tuple[Any, ...]]], span_s: float) -> _Speed:
        """Speed since `span_s` ago, and how long the rest takes at that."""
        if span_s < _LEAST_S:
            return cls()
        ended = cost = left = 0.0
        for row in rows:
            if row.state in ENDS:
                ended += row.recent
                cost += row.recent + row.recent_read / _ROWS_A_REQUEST
            else:
                left += row.units + row.announced / _ROWS_A_REQUEST
        return cls(ended / span_s, left * span_s / cost if cost else None)


def _since(processes: Iterable[Process], now: datetime) -> datetime | None:
    """Begin of the time over which the rate is taken; None where nobody is at work."""
    begun = [process.started_at for process in processes if process.is_alive(now)]
    return max(min(begun), now - timedelta(seconds=RATE_WINDOW_S)) if begun else None


def _totals(
    connection: Connection, of_kinds: ColumnElement[bool], since: datetime, now: datetime
) -> list[Row[*tuple[Any, ...]]]:
    is_recent = units.c.ended_at > since.isoformat()
    has_lapsed = and_(units.c.state == UnitState.LEASED, units.c.claimable_at <= now.isoformat())
    query = (
        select(
            units.c.kind,
            units.c.state,
            func.count().label("units"),
            _sum(units.c.read).label("read"),
            _sum(func.coalesce(units.c.announced_low, 0)).label("announced"),
            _sum(case((is_recent, 1), else_=0)).label("recent"),
            _sum(case((is_recent, units.c.read), else_=0)).label("recent_read"),
            _sum(case((has_lapsed, 1), else_=0)).label("lapsed"),
        )
        .where(of_kinds)
        .group_by(units.c.kind, units.c.state)
    )
    return list(connection.execute(query))


def _sum(number: ColumnElement[int]) -> ColumnElement[int]:
    """Sum as a whole number, which PostgreSQL's is not."""
    return cast(func.sum(number), BigInteger)


def _kinds(rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[KindView, ...]:
    return tuple(
        KindView(
            kind,
            {UnitState(row.state): row.units for row in rows if row.kind == kind},
            sum(row.read for row in rows if row.kind == kind and row.state in ENDS),
            sum(row.lapsed for row in rows if row.kind == kind),
        )
        for kind in UnitKind
        if any(row.kind == kind for row in rows)
    )


def _missing(connection: Connection, of_kinds: ColumnElement[bool]) -> tuple[Missing, ...]:
    """Reasons by how many units they have, the most first."""
    query = (
        select(units.c.state, units.c.why, func.count())
        .where(of_kinds, units.c.state.in_(_NOT_WHOLE))
        .group_by(units.c.state, units.c.why)
    )
    alike: Counter[tuple[UnitState, str]] = Counter()
    for state, why, count in connection.execute(query):
        alike[UnitState(state), reason(why)] += count
    return tuple(Missing(*name, count) for name, count in alike.most_common())


def _named(
    connection: Connection, of_kinds: ColumnElement[bool], limit: int | None
) -> tuple[LandedUnit, ...]:
    query = (
        select(units)
        .where(of_kinds, units.c.state.in_(_NOT_WHOLE))
        .order_by(units.c.position)
        .limit(limit)
    )
    return tuple(map(landed_unit, connection.execute(query)))
