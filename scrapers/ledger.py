"""The ledger of a crawl: its units of work, which survive a kill at any instant.

What was landed is told by the manifests alone; the ledger is reconciled with them at start and
may then be behind or lost, but never believed against them.  Its keys name no person: a user's
unit has a pseudonym, and what is remembered of a list are keyed digests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import URL, ColumnElement, Connection, and_, exists, func, select, update

from scrapers import ledger_runs as runs
from scrapers.counts import Count
from scrapers.ledger_claims import PENDING_AT, Scope, claim
from scrapers.ledger_database import Database, ledger_url
from scrapers.ledger_ends import (
    ENDS,
    Reconciled,
    UnitName,
    acceptable,
    by_kind,
    landed_unit,
    last_position,
    reconcile,
    settle,
    upsert,
)
from scrapers.ledger_memories import count_of, recall, remember, sizes
from scrapers.ledger_tables import units
from scrapers.records import LandedUnit, RunStatus, Stage, UnitKind, UnitState
from scrapers.units import Memory, Unit

__all__ = ["Ledger", "Reconciled", "ledger_url"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """Units of one crawl of one site, as one of the processes that share the crawl sees them.

    ``owner`` names that process and is the same after a restart; no two processes at work have
    the same.  A lease that is not renewed runs out, and then anybody may claim the unit: the
    clocks of machines that share a ledger must agree to well within ``lease_s``.
    """

    def __init__(
        self,
        database: Database,
        scope: Scope,
        lease_s: float = 120.0,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._database = database
        self._scope = scope
        self._lease = timedelta(seconds=lease_s)
        self._now = now
        self._next_position: int | None = None

    @classmethod
    def open(
        cls,
        url: str | URL,
        *,
        site: str,
        crawl_id: str,
        owner: str,
        lease_s: float = 120.0,
        now: Callable[[], datetime] = _utc_now,
    ) -> Ledger:
        """Ledger of a database, whose tables are made where they are missing.

        Raises
        ------
        LedgerError : here and in all methods, with the remedy.
        """
        database = Database(url)
        try:
            database.make_tables()
        except BaseException:
            database.close()
            raise
        return cls(database, Scope(site, crawl_id, owner), lease_s, now)

    def add(self, wanted: Iterable[Unit]) -> int:
        """Make units pending, in this order and after all others; known ones stay as they are.

        Returns
        -------
        How many are new.
        """
        scope = self._scope
        with self._database.write(bulk=True) as connection:
            first = self._position(connection)
            rows = [
                {
                    "site": scope.site,
                    "crawl_id": scope.crawl_id,
                    "kind": unit.kind,
                    "key": unit.key,
                    "position": position,
                    "state": UnitState.PENDING,
                    "claimable_at": PENDING_AT,
                    "announced_low": unit.announced and unit.announced.low,
                    "announced_high": unit.announced and unit.announced.high,
                    "payload": unit.payload,
                }
                for position, unit in enumerate(wanted, start=first)
            ]
            if not rows:
                return 0
            added = connection.execute(
                upsert(connection, units).on_conflict_do_nothing(),
                rows,
                execution_options={"preserve_rowcount": True},
            )
            self._database.measure(connection, units, len(rows))
        self._next_position = first + len(rows)
        return added.rowcount

    def claim(self, kind: UnitKind, limit: int, keys: Sequence[str] | None = None) -> list[Unit]:
        """At most `limit` units that are this owner's from now on, in the order of adding.

        They were pending, or their lease had run out.

        Parameters
        ----------
        keys : only these may be claimed.
        """
        now, until = self._instants()
        with self._database.write() as connection:
            rows = claim(connection, self._scope, kind, limit, keys, now=now, until=until)
        return [Unit(kind, row.key, count_of(row), row.payload, row.attempts) for row in rows]

    def renew(self) -> int:
        """Let all leases of this owner run from now, and say that it lives; how many there are."""
        _, until = self._instants()
        with self._database.write() as connection:
            runs.renew(connection, self._scope, until)
            held = update(units).where(self._scope.leased).values(claimable_at=until)
            return connection.execute(held).rowcount

    def release(self, names: Iterable[UnitName]) -> int:
        """Give back those of the units that this owner holds; how many."""
        return sum(
            self._give_back(and_(self._scope.of(kind), units.c.key.in_(keys)))
            for kind, keys in by_kind(names)
        )

    def release_own(self) -> int:
        """Give back all that this owner holds, so what its dead predecessor left; how many."""
        return self._give_back(self._scope.crawl)

    def settle(
        self, ended: Sequence[LandedUnit], memories: Mapping[UnitName, Memory]
    ) -> set[UnitName]:
        """Write down how units ended and what is known of them, all or nothing.

        Returns
        -------
        The units that were accepted; not accepted are those that another owner has meanwhile
        claimed or ended, and what is known of them is not kept.
        """
        with self._database.write() as connection:
            accepted = acceptable(
                connection, self._scope, [(unit.kind, unit.key) for unit in ended]
            )
            settle(
                connection,
                self._scope,
                [unit for unit in ended if (unit.kind, unit.key) in accepted],
                position=self._position(connection),
            )
            known = {name: memory for name, memory in memories.items() if name in accepted}
            remember(connection, self._scope.site, known)
        return accepted

    def holds(self, names: Iterable[UnitName]) -> set[UnitName]:
        """Those of the units that this owner holds and whose lease has not run out."""
        now, _ = self._instants()
        held = set()
        with self._database.read() as connection:
            for kind, keys in by_kind(names):
                query = select(units.c.key).where(
                    self._scope.leased,
                    units.c.kind == kind,
                    units.c.key.in_(keys),
                    units.c.claimable_at > now,
                )
                held |= {(kind, key) for key in connection.scalars(query)}
        return held

    def reconcile(
        self, landed: Iterable[LandedUnit], kinds: Collection[UnitKind] = tuple(UnitKind)
    ) -> Reconciled:
        """Make the units of this owner what its manifest says they are.

        A listed unit has the end that is listed, unless it ended elsewhere since or is to be
        tried again; one that this owner ended and that is not listed becomes pending.

        Parameters
        ----------
        landed : units of the manifest of this owner.
        kinds : kinds that this manifest would list; units of others stay as they are.
        """
        with self._database.write(bulk=True) as connection:
            position = self._position(connection)
            return reconcile(connection, self._scope, landed, kinds, position=position)

    def retry(
        self, states: Collection[UnitState], kinds: Collection[UnitKind] = tuple(UnitKind)
    ) -> int:
        """Make units that ended so pending again; how many.

        Raises
        ------
        ValueError : a state that is no end.
        """
        if not set(states) <= set(ENDS):
            raise ValueError(f"only units that are {', '.join(ENDS)} can be tried again")
        chosen = and_(self._scope.crawl, units.c.state.in_(states), units.c.kind.in_(kinds))
        return self._change(
            chosen, bulk=True, state=UnitState.PENDING, owner=None, claimable_at=PENDING_AT
        )

    def counts(self, kind: UnitKind | None = None) -> Mapping[UnitState, int]:
        """Units in each state, of one kind or of all; states without any are left out."""
        chosen = self._scope.crawl if kind is None else self._scope.of(kind)
        query = select(units.c.state, func.count()).where(chosen).group_by(units.c.state)
        with self._database.read() as connection:
            return {UnitState(state): count for state, count in connection.execute(query)}

    def others_at_work(self, kind: UnitKind) -> bool:
        """Whether another owner holds a unit of this kind by a lease that has not run out."""
        now, _ = self._instants()
        held = and_(
            self._scope.of(kind),
            units.c.owner != self._scope.owner,
            units.c.claimable_at > now,
        )
        with self._database.read() as connection:
            return bool(connection.scalar(select(exists().where(held))))

    def named(
        self,
        states: Collection[UnitState],
        limit: int,
        kinds: Collection[UnitKind] = tuple(UnitKind),
    ) -> list[LandedUnit]:
        """Units in these states in the order of adding, with why they ended so."""
        query = (
            select(units)
            .where(self._scope.crawl, units.c.state.in_(states), units.c.kind.in_(kinds))
            .order_by(units.c.position)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [landed_unit(row) for row in connection.execute(query)]

    def memories(self, kind: UnitKind) -> Mapping[str, tuple[Count | None, int]]:
        """Announced and read rows of each list that any crawl of the site has read."""
        with self._database.read() as connection:
            return sizes(connection, self._scope.site, kind)

    def recall(self, kind: UnitKind, keys: Sequence[str]) -> Mapping[str, Memory]:
        """What any crawl of the site knew of these lists; those never read are left out."""
        with self._database.read() as connection:
            return recall(connection, self._scope.site, kind, keys)

    def begin(self, stage: Stage, arguments: Mapping[str, str]) -> None:
        """Write down that this owner is at work on a stage, and how it was asked to."""
        now, until = self._instants()
        with self._database.write(bulk=True) as connection:
            runs.forget_old(connection, self._scope, self._now())
            runs.begin(connection, self._scope, stage, arguments, now=now, until=until)

    def end(self, stage: Stage, status: RunStatus) -> None:
        """Write down how this owner's work on a stage ended."""
        now, _ = self._instants()
        with self._database.write() as connection:
            runs.end(connection, self._scope, stage, status, now)

    def close(self) -> None:
        """Close the database; leases stay until they are given back or run out."""
        self._database.close()

    def _position(self, connection: Connection) -> int:
        """Position for the next unit that is added; processes that share a crawl interleave."""
        if self._next_position is None:
            self._next_position = last_position(connection, self._scope) + 1
        return self._next_position

    def _instants(self) -> tuple[str, str]:
        """Now, and when a lease that begins now runs out."""
        now = self._now()
        return now.isoformat(), (now + self._lease).isoformat()

    def _give_back(self, chosen: ColumnElement[bool]) -> int:
        return self._change(
            and_(self._scope.leased, chosen),
            state=UnitState.PENDING,
            owner=None,
            claimable_at=PENDING_AT,
        )

    def _change(
        self, chosen: ColumnElement[bool], *, bulk: bool = False, **values: str | None
    ) -> int:
        with self._database.write(bulk=bulk) as connection:
            return connection.execute(update(units).where(chosen).values(**values)).rowcount
