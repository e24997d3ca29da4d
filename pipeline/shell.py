"""A small SQL shell: statements over several lines, dot commands, errors shown and survived."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, TextIO

import duckdb

from pipeline.sql_connection import CURATED, SNAPSHOT

__all__ = ["Shell"]

_PROMPT: Final = "likewise> "
_MORE: Final = "     ...> "
_MAX_ROWS: Final = 40
_HELP: Final = """\
SQL ends with a semicolon and may take several lines; Ctrl-C cancels it.
  .tables          tables and views, with what they hold
  .columns NAME    columns of a table or view, with what they hold
  .help            this text
  .quit            leave (Ctrl-D too)
Tables of the snapshot need no prefix; curated ones are curated.likes and so on.
What you create lives in memory: CREATE TEMP TABLE x AS ...
"""
_TABLES: Final = f"""
    SELECT if(database_name = '{CURATED}', '{CURATED}.', '') || name AS name, comment
    FROM (
        SELECT database_name, table_name AS name, comment FROM duckdb_tables() WHERE NOT internal
        UNION ALL
        SELECT database_name, view_name, comment FROM duckdb_views() WHERE NOT internal
    )
    WHERE database_name IN ('{SNAPSHOT}', '{CURATED}')
    ORDER BY database_name DESC, name
"""  # noqa: S608 - constants of this package
_COLUMNS: Final = """
    SELECT column_name, data_type, is_nullable AS nullable, comment FROM duckdb_columns()
    WHERE NOT internal AND table_name = ? AND database_name = ? ORDER BY column_index
"""


class Shell:
    """Runs SQL on a locked connection and shows what comes back.

    Parameters
    ----------
    connection : as of `pipeline.sql_connection.open_snapshot`.
    out, err : where results and errors go.
    width : characters of a line; None for that of the terminal.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        out: TextIO,
        err: TextIO,
        *,
        width: int | None = None,
    ) -> None:
        self._connection = connection
        self._out = out
        self._err = err
        self._width = width

    def run(self, text: str) -> bool:
        """Run the statements of a text up to the first that fails; did all succeed."""
        try:
            with _cancelled_by_ctrl_c(self._connection):
                for statement in self._connection.extract_statements(text):
                    self._show(self._connection.sql(statement.query))
        except (duckdb.Error, KeyboardInterrupt, RuntimeError) as err:
            # DuckDB gives RuntimeError for a statement that Ctrl-C has cancelled.
            self._err.write(f"{str(err) or 'cancelled'}\n")
            return False
        return True

    def feed(self, text: str) -> bool:
        """Run a text of statements and dot commands up to the first that fails; did all succeed.

        The last statement needs no semicolon; what stands after ``.quit`` is not run.
        """
        pending = ""
        for line in text.splitlines():
            if not pending and line.strip().startswith("."):
                if self._leaves(line.strip()):
                    return True
                continue
            pending = f"{pending}{line}\n" if pending or line.strip() else ""
            if self._complete(pending):
                if not self.run(pending):
                    return False
                pending = ""
        return self.run(pending)

    def talk(self, read_line: Callable[[str], str]) -> None:
        """Read lines until ``.quit`` or the end of the input; an error does not end it.

        Parameters
        ----------
        read_line : shows a prompt and gives a line, as `input` does.
        """
        pending: str | None = ""
        while pending is not None:
            try:
                pending = self._taken(read_line(_MORE if pending else _PROMPT), pending)
            except KeyboardInterrupt:
                self._out.write("\n")
                pending = ""
            except EOFError:
                self._out.write("\n")
                return

    def _taken(self, line: str, pending: str) -> str | None:
        """Do what a line completes; what is still to be completed, None once it is left."""
        if not pending and line.strip().startswith("."):
            return None if self._leaves(line.strip()) else ""
        pending = f"{pending}{line}\n" if pending or line.strip() else ""
        if self._complete(pending):
            self.run(pending)
            pending = ""
        return pending

    def _complete(self, text: str) -> bool:
        """Does the text end with a semicolon that stands in no string or comment."""
        if not text.rstrip().endswith(";"):
            return False
        try:
            self._connection.extract_statements(text)
        except duckdb.Error as err:
            return "unterminated" not in str(err)
        return True

    def _leaves(self, line: str) -> bool:
        """Obey a dot command; whether it was the one to leave."""
        name, _, argument = line.partition(" ")
        if name in {".quit", ".exit"}:
            return True
        if name == ".help":
            self._out.write(_HELP)
        elif name == ".tables":
            for table, comment in self._connection.execute(_TABLES).fetchall():
                self._out.write(f"{table:<24} {comment}\n")
        elif name == ".columns" and argument.strip():
            self._columns(argument.strip().rstrip(";"))
        else:
            self._err.write(f"unknown command {line!r}; .help names those there are\n")
        return False

    def _columns(self, name: str) -> None:
        database, _, table = name.rpartition(".")
        rows = self._connection.execute(_COLUMNS, [table, database or SNAPSHOT]).fetchall()
        if not rows:
            self._err.write(f"no table or view {name!r}; .tables names those there are\n")
        for column, kind, nullable, comment in rows:
            null = "may be null" if nullable else ""
            self._out.write(f"{column:<20} {kind:<26} {null:<12} {comment or ''}\n")

    def _show(self, relation: duckdb.DuckDBPyRelation | None) -> None:
        if relation is None:
            return
        if relation.columns == ["explain_key", "explain_value"]:
            for _, plan in relation.fetchall():
                self._out.write(plan)
            return
        with contextlib.redirect_stdout(self._out):
            relation.show(max_rows=_MAX_ROWS, max_width=self._width)


@contextlib.contextmanager
def _cancelled_by_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C end a statement in all of DuckDB's threads, and what stands between two.

    On its own it ends the statement in the calling thread, which then waits until the other
    threads have done their share.
    """

    def cancel(_number: int, _frame: FrameType | None) -> None:
        connection.interrupt()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is None or before is signal.SIG_IGN:  # not ours to put back, or not to be heard
        yield
        return
    signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
