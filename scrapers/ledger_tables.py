"""Tables of the ledger, the same on SQLite and on PostgreSQL.

Instants are ISO 8601 texts in UTC, which sort as they follow each other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

__all__ = ["LEDGER_VERSION", "METADATA", "crawls", "memories", "schema_version", "units"]

LEDGER_VERSION: Final = 1

# A database's own collation may order texts otherwise than by their characters.
_INSTANT: Final = String().with_variant(String(collation="C"), "postgresql")

METADATA: Final = MetaData()

schema_version: Final = Table(
    "ledger_version",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

units: Final = Table(
    "ledger_units",
    METADATA,
    Column("site", String, primary_key=True),
    Column("crawl_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True, comment="Item id, page, or pseudonym; no handle."),
    Column("position", BigInteger, nullable=False, comment="Order of adding."),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0, comment="Times it was claimed."),
    Column("owner", String, comment="Run that holds it or ended it."),
    Column("claimable_at", _INSTANT, comment="'' pending, end of the lease, null once ended."),
    Column("announced_low", BigInteger),
    Column("announced_high", BigInteger),
    Column("payload", String),
    Column("read", BigInteger, nullable=False, default=0),
    Column("announced", BigInteger, comment="Rows as its end has them."),
    Column("whole", Boolean(create_constraint=False), nullable=False, default=False),
    Column("ended_at", _INSTANT, comment="Its last end; kept while it is tried again."),
    Column("why", String),
)

Index(
    "ledger_units_claimable",
    units.c.site,
    units.c.crawl_id,
    units.c.kind,
    units.c.position,
    sqlite_where=units.c.claimable_at.is_not(None),
    postgresql_where=units.c.claimable_at.is_not(None),
)

memories: Final = Table(
    "ledger_memories",
    METADATA,
    Column("site", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("announced_low", BigInteger),
    Column("announced_high", BigInteger),
    Column("read", BigInteger, nullable=False),
    Column("read_at", _INSTANT, nullable=False),
    Column("known", LargeBinary, nullable=False, comment="8-byte keyed digests of all rows."),
)

crawls: Final = Table(
    "ledger_crawls",
    METADATA,
    Column("site", String, primary_key=True),
    Column("crawl_id", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("owner", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("started_at", _INSTANT, nullable=False),
    Column("ended_at", _INSTANT),
    Column("expires_at", _INSTANT, comment="Until when it is believed to live; null once ended."),
    Column("arguments", String, nullable=False, comment="JSON object: arguments of the crawl."),
)
