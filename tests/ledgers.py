"""Ledgers for tests, on both databases, with a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import URL

from scrapers.ledger import Ledger
from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.units import Unit

LEASE_S = 120.0
KIND = UnitKind.ITEM_LIKES


@dataclass
class Clock:
    """Says the same instant until it is moved on."""

    now: datetime = datetime(2026, 11, 21, 3, 55, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Ledgers:
    """Opens ledgers of one database, as different owners, and closes them all."""

    url: str | URL
    site: str
    clock: Clock = field(default_factory=Clock)
    opened: list[Ledger] = field(default_factory=list)

    def open(self, owner: str = "a", crawl_id: str = "r1", site: str | None = None) -> Ledger:
        """A ledger of the test's site, unless another is named."""
        ledger = Ledger.open(
            self.url,
            site=site or self.site,
            crawl_id=crawl_id,
            owner=owner,
            lease_s=LEASE_S,
            now=self.clock,
        )
        self.opened.append(ledger)
        return ledger

    def close(self) -> None:
        """Close what was opened."""
        for ledger in self.opened:
            ledger.close()

    def end(self, key: str, state: UnitState = UnitState.DONE, **fields: object) -> LandedUnit:
        """How a unit ended, at the clock's instant."""
        return LandedUnit(KIND, key, state, ended_at=self.clock.now.isoformat(), **fields)


def units(keys: Iterable[object], kind: UnitKind = KIND) -> list[Unit]:
    """A unit for each key."""
    return [Unit(kind, str(key)) for key in keys]


def names(keys: Iterable[object], kind: UnitKind = KIND) -> set[tuple[UnitKind, str]]:
    """Names of units of one kind."""
    return {(kind, str(key)) for key in keys}
