"""Ends of units: settled by who held them, reconciled with the manifest that lists them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Update, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql.schema import Table

from scrapers.ledger_claims import PENDING_AT, Scope, in_chunks
from scrapers.ledger_database import SQLITE
from scrapers.ledger_tables import memories, units
from scrapers.records import LandedUnit, UnitKind, UnitState

__all__ = [
    "ENDS",
    "Reconciled",
    "UnitName",
    "acceptable",
    "by_kind",
    "landed_unit",
    "last_position",
    "reconcile",
    "settle",
    "upsert",
]

UnitName = tuple[UnitKind, str]
ENDS: Final = (UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED)
_END_COLUMNS: Final = ("state", "read", "announced", "whole", "ended_at", "why")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the manifest changed in the ledger: units that ended after all, and that did not."""

    ended: int = 0
    reopened: int = 0


def upsert(connection: Connection, table: Table) -> SqliteInsert | PostgresqlInsert:
    """Insertion that can say what to do with a row that is there already."""
    if connection.dialect.name == SQLITE:
        return sqlite.insert(table)
    return postgresql.insert(table)


def by_kind(names: Iterable[UnitName]) -> list[tuple[UnitKind, Sequence[str]]]:
    """Keys of each kind, as many at once as a statement takes."""
    keys: dict[UnitKind, list[str]] = {}
    for kind, key in names:
        keys.setdefault(kind, []).append(key)
    return [(kind, chunk) for kind, all_keys in keys.items() for chunk in in_chunks(all_keys)]


def acceptable(connection: Connection, scope: Scope, names: Iterable[UnitName]) -> set[UnitName]:
    """Those of the units whose end the owner may tell: it holds or ended them, or nobody does."""
    wanted = set(names)
    others = set()
    for kind, keys in by_kind(sorted(wanted)):
        mine = or_(units.c.owner == scope.owner, units.c.claimable_at == PENDING_AT)
        rows = connection.execute(
            select(units.c.key, mine)
            .where(scope.of(kind), units.c.key.in_(keys))
            .order_by(units.c.key)
            .with_for_update()
        )
        others |= {(kind, key) for key, is_mine in rows if not is_mine}
    return wanted - others


def settle(
    connection: Connection, scope: Scope, ended: Sequence[LandedUnit], *, position: int
) -> None:
    """Write the ends down; units that were never added are, from `position` on."""
    if not ended:
        return
    rows = [
        {
            "site": scope.site,
            "crawl_id": scope.crawl_id,
            "kind": unit.kind,
            "key": unit.key,
            "position": position + number,
            "owner": scope.owner,
            "attempts": 0,
            "claimable_at": None,
            **{name: getattr(unit, name) for name in _END_COLUMNS},
        }
        for number, unit in enumerate(ended)
    ]
    statement = upsert(connection, units)
    changed = ("owner", "claimable_at", *_END_COLUMNS)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(units.primary_key),
            set_={name: statement.excluded[name] for name in changed},
        ),
        rows,
    )


def reconcile(
    connection: Connection,
    scope: Scope,
    landed: Iterable[LandedUnit],
    kinds: Collection[UnitKind],
    *,
    position: int,
) -> Reconciled:
    """Make the owner's units what its manifest says they are."""
    listed = {(unit.kind, unit.key): unit for unit in landed}
    query = select(units).where(scope.crawl, units.c.kind.in_(kinds)).with_for_update()
    rows = {(UnitKind(row.kind), row.key): row for row in connection.execute(query)}
    ended = [unit for name, unit in listed.items() if _counts(unit, rows.get(name), scope.owner)]
    settle(connection, scope, ended, position=position)
    _forget(connection, scope, (u for u in ended if u.state is UnitState.DONE))
    unlisted = [
        {"of_kind": kind, "of_key": key}
        for (kind, key), row in rows.items()
        if row.owner == scope.owner and row.state in ENDS and (kind, key) not in listed
    ]
    if unlisted:
        connection.execute(_reopen(scope), unlisted)
    return Reconciled(len(ended), len(unlisted))


def landed_unit(row: Row[*tuple[Any, ...]]) -> LandedUnit:
    """End of a unit as its row has it."""
    return LandedUnit(
        UnitKind(row.kind),
        row.key,
        UnitState(row.state),
        row.read,
        row.announced,
        row.whole,
        row.ended_at or "",
        row.why,
    )


def last_position(connection: Connection, scope: Scope) -> int:
    """Highest position of a unit; 0 where there is none.  Looks at all of them."""
    query = select(func.coalesce(func.max(units.c.position), 0)).where(scope.crawl)
    return connection.scalar(query) or 0


def _counts(unit: LandedUnit, row: Row[*tuple[Any, ...]] | None, owner: str) -> bool:
    """Whether a listed end is news to the ledger.

    A unit that was ended elsewhere since, or is to be tried again, keeps that.
    """
    if row is None or row.ended_at is None:
        return True
    if row.owner == owner and row.state in ENDS:
        return landed_unit(row) != unit
    return bool(unit.ended_at > row.ended_at)


def _forget(connection: Connection, scope: Scope, ended: Iterable[LandedUnit]) -> None:
    """Drop what is known of lists that were read anew by a process that died before it told."""
    for kind, keys in by_kind((unit.kind, unit.key) for unit in ended):
        of_kind = (memories.c.site == scope.site, memories.c.kind == kind)
        connection.execute(delete(memories).where(*of_kind, memories.c.key.in_(keys)))


def _reopen(scope: Scope) -> Update:
    return (
        update(units)
        .where(
            scope.crawl,
            units.c.kind == bindparam("of_kind"),
            units.c.key == bindparam("of_key"),
        )
        .values(state=UnitState.PENDING, owner=None, claimable_at=PENDING_AT, ended_at=None)
    )
