"""Claiming units: one statement a claim, and no two processes ever get the same unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    and_,
    any_,
    func,
    select,
    update,
)

from scrapers.ledger_database import POSTGRESQL
from scrapers.ledger_tables import units
from scrapers.records import UnitKind, UnitState

__all__ = ["KEYS_AT_ONCE", "PENDING_AT", "Scope", "claim", "in_chunks"]

PENDING_AT: Final = ""
"""`claimable_at` of a unit that nobody holds: it sorts before every instant."""
KEYS_AT_ONCE: Final = 10_000
"""Fewer than a statement may have parameters: 32,766 on SQLite, 65,535 on PostgreSQL."""

_CLAIMED: Final = (
    units.c.position,
    units.c.key,
    units.c.announced_low,
    units.c.announced_high,
    units.c.payload,
    units.c.attempts,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose units of which crawl."""

    site: str
    crawl_id: str
    owner: str

    @property
    def crawl(self) -> ColumnElement[bool]:
        """Units of the crawl."""
        return and_(units.c.site == self.site, units.c.crawl_id == self.crawl_id)

    def of(self, kind: UnitKind) -> ColumnElement[bool]:
        """Units of the crawl of one kind."""
        return and_(self.crawl, units.c.kind == kind)

    @property
    def leased(self) -> ColumnElement[bool]:
        """Units of the crawl that the owner holds, or held until its lease ran out."""
        own = units.c.owner == self.owner
        return and_(self.crawl, units.c.state == UnitState.LEASED, own)


def claim(
    connection: Connection,
    scope: Scope,
    kind: UnitKind,
    limit: int,
    keys: Sequence[str] | None,
    *,
    now: str,
    until: str,
) -> list[Row[*tuple[Any, ...]]]:
    """Rows of the units that are the owner's from now on, by position.

    With more than `KEYS_AT_ONCE` keys the order holds among as many.
    """
    rows: list[Row[*tuple[Any, ...]]] = []
    for chunk in [None] if keys is None else in_chunks(keys):
        if len(rows) < limit:
            picked = _claimable(scope, kind, chunk, now).limit(limit - len(rows))
            statement = _lease(picked, scope, kind, until, connection.dialect.name)
            rows += sorted(connection.execute(statement), key=lambda row: row.position)
    return rows


def in_chunks(keys: Sequence[str]) -> list[Sequence[str]]:
    """The keys, as many at once as a statement takes."""
    return [keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE)]


def _claimable(
    scope: Scope, kind: UnitKind, keys: Sequence[str] | None, now: str
) -> Select[tuple[str]]:
    chosen = select(units.c.key).where(scope.of(kind), units.c.claimable_at <= now)
    if keys is not None:
        chosen = chosen.where(units.c.key.in_(keys))
    return chosen.order_by(units.c.position)


def _lease(
    picked: Select[tuple[str]], scope: Scope, kind: UnitKind, until: str, dialect: str
) -> Update:
    if dialect == POSTGRESQL:
        # Passes over what another process is taking; SQLite has one writer at a time instead.
        picked = picked.with_for_update(skip_locked=True)
        # As an array they are picked once; a subquery in IN may be run again for each row.
        is_taken = units.c.key == any_(func.array(picked.scalar_subquery()))
    else:
        is_taken = units.c.key.in_(picked)
    return (
        update(units)
        .where(scope.of(kind), is_taken)
        .values(
            state=UnitState.LEASED,
            owner=scope.owner,
            claimable_at=until,
            attempts=units.c.attempts + 1,
        )
        .returning(*_CLAIMED)
    )
