"""The database of a ledger: where it is, how it is opened, what its errors mean."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError as UrlError
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from scrapers.errors import LedgerError
from scrapers.ledger_tables import LEDGER_VERSION, METADATA, schema_version

__all__ = ["LEDGER_NAME", "POSTGRESQL", "SQLITE", "Database", "ledger_path", "ledger_url"]

LEDGER_NAME: Final = "ledger.sqlite"
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_READS: Final = "likewise_reads"
_LOCK: Final = 0x4C494B45  # "LIKE": one bulk change of a PostgreSQL ledger at a time
_BUSY_S: Final = 60.0
_PAUSE_S: Final = 0.01
_MANY: Final = 1_000
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


def ledger_url(data: Path, site: str, url: str | None = None) -> URL:
    """Url of a site's ledger: the one that is given, else a file in the site's raw zone.

    Raises
    ------
    LedgerError : the given one is none of a database that can hold a ledger.
    """
    return _checked(url) if url else URL.create(SQLITE, database=str(ledger_path(data, site)))


def ledger_path(data: Path, site: str) -> Path:
    """File of a site's ledger, where no other database is given."""
    return data / "raw" / site / LEDGER_NAME


class Database:
    """Transactions on a ledger's database, whose errors become `LedgerError`.

    Parameters
    ----------
    url : ``sqlite:///...`` or ``postgresql+psycopg://...``.
    """

    def __init__(self, url: str | URL) -> None:
        self._url = _checked(url)
        self.dialect = self._url.get_backend_name()
        with self._translated():
            self._engine = _engine(self._url)
        self._reader = self._engine.execution_options(**{_READS: True})

    @property
    def name(self) -> str:
        """The url without its password."""
        return self._url.render_as_string(hide_password=True)

    def make_tables(self) -> None:
        """Make the tables that are missing.

        Raises
        ------
        LedgerError : the tables are of another version of the code.
        """
        if self.dialect == SQLITE:
            self._make_file()
        with self.write(bulk=True) as connection:
            if not inspect(connection).has_table(schema_version.name):
                METADATA.create_all(connection)
                connection.execute(insert(schema_version).values(version=LEDGER_VERSION))
            self._check_version(connection)

    def has_tables(self) -> bool:
        """Whether a crawl was ever begun here; makes nothing.

        Raises
        ------
        LedgerError : the tables are of another version of the code.
        """
        if self.dialect == SQLITE and not Path(self._url.database or "").exists():
            return False
        with self.read() as connection:
            if not inspect(connection).has_table(schema_version.name):
                return False
            self._check_version(connection)
        return True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Transaction that sees one state of the ledger and changes nothing."""
        with self._translated(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, bulk: bool = False) -> Iterator[Connection]:
        """Transaction that stands whole or not at all.

        Parameters
        ----------
        bulk : it changes units of other owners too, so no two of its kind may overlap.
        """
        with self._translated(), self._engine.begin() as connection:
            if bulk and self.dialect == POSTGRESQL:
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield connection

    def measure(self, connection: Connection, table: Table, changed: int) -> None:
        """Let PostgreSQL count a table that has grown: it claims 20 times as fast as unmeasured."""
        if self.dialect == POSTGRESQL and changed >= _MANY:
            connection.execute(text(f"ANALYZE {table.name}"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _check_version(self, connection: Connection) -> None:
        found = connection.scalar(select(func.max(schema_version.c.version)))
        if found != LEDGER_VERSION:
            raise LedgerError(
                f"ledger {self.name} has version {found}, this code reads version "
                f"{LEDGER_VERSION}: {_other_version(found or 0)}"
            )

    def _make_file(self) -> None:
        """Make the file for its owner alone; SQLite gives its other files the same mode."""
        path = Path(self._url.database or "")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE))
        except OSError as err:
            raise LedgerError(
                f"ledger {path} cannot be written: {err.strerror}; set LIKEWISE_DATA to a folder "
                "of yours"
            ) from err

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, ImportError) as err:
            raise LedgerError(f"ledger {self.name}: {_told(err)}; {_remedy(err)}") from err


def _checked(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except (UrlError, ValueError):
        raise LedgerError(f"LIKEWISE_LEDGER_URL is no url of a database: {_FORMS}") from None
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername=POSTGRESQL)
    if parsed.drivername == POSTGRESQL:
        parsed = parsed.set(drivername=f"{POSTGRESQL}+psycopg")
    if parsed.get_backend_name() not in {SQLITE, POSTGRESQL} or not parsed.database:
        shown = parsed.render_as_string(hide_password=True)
        raise LedgerError(f"LIKEWISE_LEDGER_URL is {shown}: {_FORMS}")
    return parsed


_FORMS: Final = (
    "postgresql+psycopg://user:password@host/database is needed, or no url for the file in the "
    "raw zone"
)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == POSTGRESQL:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Leave transactions to `_begin_sqlite`, and make readers and one writer go together."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    patience = time.monotonic() + _BUSY_S
    while not _is_wal(connection, last=time.monotonic() > patience):
        time.sleep(_PAUSE_S)


def _is_wal(connection: sqlite3.Connection, *, last: bool) -> bool:
    """Set write-ahead logging; for this lock SQLite does not wait by itself."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.OperationalError as err:
        if last or err.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    if mode != "wal":
        raise LedgerError(
            f"the ledger's journal is {mode!r} where 'wal' is needed: set LIKEWISE_DATA to a local "
            "disk, or LIKEWISE_LEDGER_URL to a PostgreSQL database"
        )
    return True


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock at once: a transaction that first reads cannot wait for it later."""
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _other_version(found: int) -> str:
    if found > LEDGER_VERSION:
        return "go on with the newer Likewise that wrote it"
    return "move it away; the same crawl makes it anew from its manifests"


def _told(err: Exception) -> str:
    cause = err.orig if isinstance(err, DBAPIError) and err.orig is not None else err
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__


def _remedy(err: Exception) -> str:
    if isinstance(err, ImportError | NoSuchModuleError):
        return "its driver is missing: install likewise with the extra scrapers"
    code = _code(getattr(err, "orig", None))
    for start, remedy in _REMEDIES.items():
        if code.startswith(start):
            return remedy
    return "the log has the whole error; the same command goes on where the crawl stopped"


def _code(cause: object) -> str:
    """Name of an SQLite error, SQLSTATE of a PostgreSQL one; 08 where no connection was had."""
    if isinstance(cause, sqlite3.Error):
        return str(getattr(cause, "sqlite_errorname", ""))
    return str(getattr(cause, "sqlstate", None) or "08")


_REMEDIES: Final = {
    "SQLITE_FULL": "free space on its disk, then run the same command again",
    "SQLITE_IOERR": "see to its disk, then run the same command again",
    "SQLITE_READONLY": "make the file and its folder writable, or set LIKEWISE_DATA elsewhere",
    "SQLITE_CANTOPEN": "make its folder writable, or set LIKEWISE_DATA to a folder of yours",
    "SQLITE_BUSY": "another process holds it: end that one, or run again later",
    "SQLITE_NOTADB": "move it away; the same crawl makes it anew from its manifests",
    "SQLITE_CORRUPT": "move it away; the same crawl makes it anew from its manifests",
    "08": "see that the server runs and that LIKEWISE_LEDGER_URL names its host and port, a user "
    "with the right password, and a database that exists",
    "42501": "give the user leave to make and change tables in the database",
    "25006": "let LIKEWISE_LEDGER_URL name a server that can be written",
    "53": "free disk or connections on the server, then run the same command again",
}
