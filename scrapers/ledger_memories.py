"""What the crawls of a site remember of its lists from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from scrapers.counts import Count
from scrapers.ledger_claims import in_chunks
from scrapers.ledger_ends import UnitName, upsert
from scrapers.ledger_tables import memories
from scrapers.records import UnitKind
from scrapers.units import Memory

__all__ = ["count_of", "recall", "remember", "sizes"]


def remember(connection: Connection, site: str, known: Mapping[UnitName, Memory]) -> None:
    """Keep what is known of lists, in place of what was known of them."""
    if not known:
        return
    rows = [
        {
            "site": site,
            "kind": kind,
            "key": key,
            "announced_low": memory.announced and memory.announced.low,
            "announced_high": memory.announced and memory.announced.high,
            "read": memory.read,
            "read_at": memory.read_at.isoformat(),
            "known": memory.known,
        }
        for (kind, key), memory in sorted(known.items())
    ]
    statement = upsert(connection, memories)
    changed = [column.name for column in memories.columns if not column.primary_key]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(memories.primary_key),
            set_={name: statement.excluded[name] for name in changed},
        ),
        rows,
    )


def sizes(connection: Connection, site: str, kind: UnitKind) -> dict[str, tuple[Count | None, int]]:
    """Announced and read rows of each remembered list."""
    columns = (
        memories.c.key,
        memories.c.announced_low,
        memories.c.announced_high,
        memories.c.read,
    )
    query = select(*columns).where(memories.c.site == site, memories.c.kind == kind)
    return {row.key: (count_of(row), row.read) for row in connection.execute(query)}


def recall(
    connection: Connection, site: str, kind: UnitKind, keys: Sequence[str]
) -> dict[str, Memory]:
    """What is known of those of the lists that were read before."""
    found: dict[str, Memory] = {}
    of_kind = (memories.c.site == site, memories.c.kind == kind)
    for chunk in in_chunks(keys):
        query = select(memories).where(*of_kind, memories.c.key.in_(chunk))
        for row in connection.execute(query):
            read_at = datetime.fromisoformat(row.read_at)
            found[row.key] = Memory(count_of(row), row.read, bytes(row.known), read_at)
    return found


def count_of(row: Row[*tuple[Any, ...]]) -> Count | None:
    """Announced bounds of a row; None where nothing was announced."""
    return None if row.announced_low is None else Count(row.announced_low, row.announced_high)
