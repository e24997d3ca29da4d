"""Who works on a crawl: begun, alive, ended; and crawls that are too old to go on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from scrapers.ledger_claims import Scope
from scrapers.ledger_ends import upsert
from scrapers.ledger_tables import crawls, units
from scrapers.records import RunStatus, Stage

__all__ = ["KEPT_DAYS", "Process", "begin", "end", "forget_old", "processes", "renew"]

KEPT_DAYS: Final = 30
"""Days after which nobody goes on with a crawl; what is known of lists stays."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process that works, or worked, on a stage of a crawl.

    ``expires_at`` is moved on while it lives.  ``arguments`` are those of ``scrapy crawl -a``.
    """

    site: str
    crawl_id: str
    stage: Stage
    owner: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    arguments: Mapping[str, str]

    @property
    def landing_id(self) -> str:
        """Run whose folder holds what it lands."""
        return self.owner.partition("/")[0]

    def is_alive(self, now: datetime) -> bool:
        """Whether it has not ended and was heard of lately."""
        return self.expires_at is not None and self.expires_at > now

    def is_lost(self, now: datetime) -> bool:
        """Whether it has not ended and is not heard of any more: killed, most likely."""
        return self.status is RunStatus.RUNNING and not self.is_alive(now)


def begin(
    connection: Connection,
    scope: Scope,
    stage: Stage,
    arguments: Mapping[str, str],
    *,
    now: str,
    until: str,
) -> None:
    """Write down that the owner is at work on a stage, and how it was asked to."""
    state = {
        "status": RunStatus.RUNNING,
        "started_at": now,
        "ended_at": None,
        "expires_at": until,
        "arguments": json.dumps(dict(arguments), sort_keys=True),
    }
    names = {"site": scope.site, "crawl_id": scope.crawl_id, "owner": scope.owner}
    connection.execute(
        upsert(connection, crawls)
        .values(stage=stage, **names, **state)
        .on_conflict_do_update(index_elements=list(crawls.primary_key), set_=state)
    )


def renew(connection: Connection, scope: Scope, until: str) -> None:
    """Write down that the owner lives, in whatever stages it is at work."""
    alive = crawls.c.status == RunStatus.RUNNING
    connection.execute(update(crawls).where(*_own(scope), alive).values(expires_at=until))


def end(connection: Connection, scope: Scope, stage: Stage, status: RunStatus, now: str) -> None:
    """Write down how the owner's work on a stage ended."""
    connection.execute(
        update(crawls)
        .where(*_own(scope), crawls.c.stage == stage)
        .values(status=status, ended_at=now, expires_at=None)
    )


def forget_old(connection: Connection, scope: Scope, now: datetime) -> None:
    """Drop other crawls of the site, with their units, that nobody has gone on with for long."""
    limit = (now - timedelta(days=KEPT_DAYS)).isoformat()
    last_heard_of = func.coalesce(crawls.c.expires_at, crawls.c.ended_at, crawls.c.started_at)
    old = (
        select(crawls.c.crawl_id)
        .where(crawls.c.site == scope.site, crawls.c.crawl_id != scope.crawl_id)
        .group_by(crawls.c.crawl_id)
        .having(func.max(last_heard_of) < limit)
    )
    ids = list(connection.scalars(old))
    for table in (units, crawls) if ids else ():
        of_crawls = (table.c.site == scope.site, table.c.crawl_id.in_(ids))
        connection.execute(delete(table).where(*of_crawls))


def processes(connection: Connection, site: str | None, crawl_id: str | None) -> list[Process]:
    """Processes of all crawls, or of one site or one crawl, the last begun first."""
    query = select(crawls).order_by(crawls.c.started_at.desc(), crawls.c.owner)
    if site is not None:
        query = query.where(crawls.c.site == site)
    if crawl_id is not None:
        query = query.where(crawls.c.crawl_id == crawl_id)
    return [
        Process(
            row.site,
            row.crawl_id,
            Stage(row.stage),
            row.owner,
            RunStatus(row.status),
            datetime.fromisoformat(row.started_at),
            _instant(row.ended_at),
            _instant(row.expires_at),
            json.loads(row.arguments),
        )
        for row in connection.execute(query)
    ]


def _own(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return (
        crawls.c.site == scope.site,
        crawls.c.crawl_id == scope.crawl_id,
        crawls.c.owner == scope.owner,
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
