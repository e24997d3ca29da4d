import duckdb
import pytest

from pipeline.tables import SNAPSHOT_TABLES, SNAPSHOT_VIEWS, ddl


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        for statement in ddl():
            opened.execute(statement)
        yield opened


def test_ddl_makes_every_table_column_by_column(connection):
    for table in SNAPSHOT_TABLES:
        rows = connection.execute(
            "SELECT column_name, is_nullable, comment FROM duckdb_columns() "
            "WHERE table_name = ? ORDER BY column_index",
            [table.name],
        ).fetchall()
        assert rows == [(c.name, c.nullable, c.comment) for c in table.columns]


def test_tables_and_views_carry_their_comments(connection):
    tables = dict(connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    assert tables == {table.name: table.comment for table in SNAPSHOT_TABLES}
    views = connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"
    ).fetchall()
    assert dict(views) == {view.name: view.comment for view in SNAPSHOT_VIEWS}


def test_views_have_the_declared_columns_with_their_comments(connection):
    for view in SNAPSHOT_VIEWS:
        rows = connection.execute(
            "SELECT column_name, data_type, comment FROM duckdb_columns() "
            "WHERE table_name = ? ORDER BY column_index",
            [view.name],
        ).fetchall()
        assert rows == [(c.name, c.type, c.comment) for c in view.columns]


def test_keys_are_columns_of_their_table():
    for table in SNAPSHOT_TABLES:
        assert set(table.key) <= set(table.column_names)


def test_a_required_column_takes_no_null(connection):
    connection.execute("INSERT INTO charts VALUES ('a', 'b', 'c', '<svg/>')")
    with pytest.raises(duckdb.ConstraintException, match="NOT NULL"):
        connection.execute("INSERT INTO charts VALUES ('a', 'b', NULL, '<svg/>')")
