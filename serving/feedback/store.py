"""Feedback on disk: one SQLite file a site, which several processes write to at a time."""

from __future__ import annotations

import asyncio
import contextlib
import operator
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from pipeline.tables import FEEDBACK_TABLES, FEEDBACK_VERSION, sqlite_ddl
from serving.errors import FeedbackKeyReusedError, FeedbackUnwrittenError

__all__ = ["RECEIVED_AT", "FeedbackStore", "Row", "feedback_path"]

Row = tuple[str, str, str, int | None, str | None, str, int, str | None]
"""Values of the columns of the door's table ``feedback``, in its order."""

_TABLE: Final = next(table for table in FEEDBACK_TABLES if table.name == "feedback")
_COLUMNS: Final = ", ".join(_TABLE.column_names)
_INSERT: Final = (
    f"INSERT INTO {_TABLE.name} ({_COLUMNS}) "  # noqa: S608  names of the door
    f"VALUES ({', '.join('?' * len(_TABLE.column_names))})"
)
_KNOWN: Final = f"SELECT {_COLUMNS} FROM {_TABLE.name} WHERE request_key = ? ORDER BY item_id"  # noqa: S608
_WAIT_S: Final = 2.0
_MOST_WAITING: Final = 64
_OURS: Final = {"request_key", "snapshot_id", "received_at"}
_SAID: Final = operator.itemgetter(
    *(place for place, name in enumerate(_TABLE.column_names) if name not in _OURS)
)
RECEIVED_AT: Final = 6
"""Place of the column ``received_at`` in a row."""
_FIRST_VERSION: Final = 1  # it had no models


def feedback_path(data: Path, site: str) -> Path:
    """File of a site's feedback, whether it exists or not."""
    return data / "feedback" / f"{site}.sqlite"


class FeedbackStore:
    """Writes feedback off the event loop, one request at a time in this process.

    Other processes write to the same files: SQLite's own lock is between them.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._waiting = 0
        self._writer = ThreadPoolExecutor(1, "feedback")

    async def write(
        self, site: str, rows: Sequence[Row], *, only_known: bool = False
    ) -> Sequence[Row]:
        """Write the rows of one request, all or none; the rows as they stand on disk.

        A request whose key is known already changes nothing and gives the rows of the first.

        Parameters
        ----------
        only_known : write nothing: a request whose key is new gives no rows.

        Raises
        ------
        FeedbackUnwrittenError : the disk is full, the file locked for too long or damaged, or
            too many others wait; nothing was written.
        FeedbackKeyReusedError : a request that said something else had the key.
        """
        if self._waiting >= _MOST_WAITING:
            raise FeedbackUnwrittenError(f"{self._waiting} requests wait to be written")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writer, self._write, site, rows, only_known)
        finally:
            self._waiting -= 1

    def _write(
        self,
        site: str,
        rows: Sequence[Row],
        only_known: bool,  # noqa: FBT001  an executor passes no keywords
    ) -> Sequence[Row]:
        path = feedback_path(self._data, site)
        if only_known and not path.exists():
            return ()
        ordered = sorted(rows, key=lambda row: row[1])
        try:
            with closing(_opened(path)) as connection:
                return _stored(connection, ordered, only_known=only_known)
        except (sqlite3.Error, OSError) as err:
            raise FeedbackUnwrittenError(f"{type(err).__name__}: {err}") from err


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        _create(path)
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        _check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make the file aside and put it in its place whole, unless another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # of mode 0600
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            for table in FEEDBACK_TABLES:
                connection.execute(sqlite_ddl(table))
            connection.execute(f"PRAGMA user_version = {FEEDBACK_VERSION}")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()


def _check_version(connection: sqlite3.Connection) -> None:
    if _version(connection) == _FIRST_VERSION:
        connection.execute("BEGIN IMMEDIATE")  # only one process changes the table
        if _version(connection) == _FIRST_VERSION:
            connection.execute(f"ALTER TABLE {_TABLE.name} ADD COLUMN model TEXT")
            connection.execute(f"PRAGMA user_version = {FEEDBACK_VERSION}")
        connection.execute("COMMIT")
    version = _version(connection)
    if version != FEEDBACK_VERSION:
        raise sqlite3.DatabaseError(f"the file is of version {version}, not {FEEDBACK_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _stored(
    connection: sqlite3.Connection, rows: Sequence[Row], *, only_known: bool
) -> Sequence[Row]:
    connection.execute("BEGIN IMMEDIATE")  # closing without a commit takes everything back
    known: list[Row] = connection.execute(_KNOWN, (rows[0][0],)).fetchall()
    if known:
        if [*map(_SAID, known)] != [*map(_SAID, rows)]:
            raise FeedbackKeyReusedError
        return known
    if only_known:
        return ()
    connection.executemany(_INSERT, rows)
    connection.execute("COMMIT")
    return rows
