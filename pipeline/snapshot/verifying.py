"""Is this file a snapshot that may be published?  Every fault, by rule, with its count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline.dataset.columns import ITEM_ID, PAIR
from pipeline.dataset.presence import Presence
from pipeline.deny import DenyList
from pipeline.snapshot.denying import denied_faults
from pipeline.snapshot.rules import GONE_RULES, RULES, Rules
from pipeline.tables import ddl

__all__ = ["row_faults", "schema_faults", "verify"]

_SCHEMA: Final = """
    SELECT table_name, column_name, column_index, data_type, is_nullable, comment
    FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()
    UNION ALL
    SELECT table_name, NULL, NULL, 'TABLE', NULL, comment
    FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
    UNION ALL
    SELECT view_name, NULL, NULL, 'VIEW', NULL, comment
    FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
"""
# The reader spills nothing and holds one column of lists at a time.
_READER: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "768MB",
    "threads": 2,
    "temp_directory": "",
}

_NOTHING_DENIED: Final = DenyList()


def verify(
    path: Path,
    *,
    snapshot_id: str,
    gone: Presence | None = None,
    denied: DenyList = _NOTHING_DENIED,
) -> list[str]:
    """Faults of a snapshot's file, one sentence each; empty where it may be published.

    The tables are compared with the door (`pipeline.tables`), then every rule of
    `pipeline.snapshot.rules` is counted.  Rows are not read while the tables are wrong.

    Parameters
    ----------
    gone : the curated zone that it was built from, to look for what is gone there.
    denied : what the operator denied when it was built; nobody can be held to a later list.
    """
    try:
        with duckdb.connect(path, read_only=True, config=_READER) as connection:
            return list(schema_faults(connection)) or [
                *row_faults(connection, snapshot_id),
                *_gone_faults(connection, gone),
                *denied_faults(connection, denied),
            ]
    except duckdb.Error as err:
        return [f"{path.name} cannot be read: {err}"]


def schema_faults(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tables, views, columns, types and comments that are not those of the door."""
    expected, found = _expected_schema(), _schema(connection)
    for sign, entries in (("lacks", expected - found), ("should not have", found - expected)):
        for table, column, _, kind, nullable, _ in sorted(entries, key=str):
            what = f"column {table}.{column}" if column else f"{kind.lower()} {table}"
            null = "" if nullable is None else " NULL" if nullable else " NOT NULL"
            yield f"the file {sign} {what} ({kind}{null}, with its comment) as of pipeline.tables"


def row_faults(connection: duckdb.DuckDBPyConnection, snapshot_id: str) -> Iterator[str]:
    """Rules that rows break, each with the number of its offenders."""
    yield from _broken(connection, RULES)
    for (named,) in connection.execute("SELECT snapshot_id FROM snapshot_info").fetchall():
        if named != snapshot_id:
            yield f"snapshot_info names {named}, the file is {snapshot_id}"


def _gone_faults(connection: duckdb.DuckDBPyConnection, gone: Presence | None) -> Iterator[str]:
    """Rules that what is gone breaks."""
    if gone is not None:
        connection.register("gone_items", gone.gone_items.select(ITEM_ID).to_arrow())
        connection.register("gone_likes", gone.gone_likes.select(PAIR).to_arrow())
        yield from _broken(connection, GONE_RULES)


def _broken(connection: duckdb.DuckDBPyConnection, every: Iterable[Rules]) -> Iterator[str]:
    for rules in every:
        (counts,) = connection.execute(rules.sql).fetchall()
        for (what, _), count in zip(rules.offenders, counts, strict=True):
            if count:
                yield f"{count} {what}"


def _expected_schema() -> set[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as connection:
        for statement in ddl():
            connection.execute(statement)
        return _schema(connection)


def _schema(connection: duckdb.DuckDBPyConnection) -> set[tuple[Any, ...]]:
    return set(connection.execute(_SCHEMA).fetchall())
