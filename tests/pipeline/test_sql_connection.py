import duckdb
import pytest

from pipeline import sql_connection
from pipeline.dataset.curated import curated_folder
from pipeline.errors import SnapshotError
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.sql_connection import open_snapshot
from pipeline.tables import CURATED_TABLES, SNAPSHOT_TABLES
from tests.factories import SITE, SmallSite, publish_small_site


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A published site, with a raw part and a key beside it."""
    data = tmp_path_factory.mktemp("data")
    publish_small_site(data)
    raw = data / "raw" / SITE / "likes" / "run-1"
    raw.mkdir(parents=True)
    SmallSite().likes.write_parquet(raw / "part-00000.parquet")
    (data / "keys").mkdir()
    (data / "keys" / "pseudonym.key").write_text("secret")
    return data


@pytest.fixture
def locked(data):
    with open_snapshot(data, SITE) as connection:
        yield connection


@pytest.fixture
def unlocked(data, monkeypatch):
    """The twin: the same connection without the lock."""
    monkeypatch.setattr(sql_connection, "lock", lambda _: None)
    with open_snapshot(data, SITE) as connection:
        yield connection


def test_tables_of_the_snapshot_and_curated_ones_are_read(locked):
    for table in SNAPSHOT_TABLES:
        assert locked.sql(f"FROM {table.name}").columns == list(table.column_names)
    for table in CURATED_TABLES:
        view = locked.sql(f"FROM curated.{table.name}")
        assert view.columns == list(table.column_names)
        assert len(view.fetchall()) == getattr(SmallSite(), table.name).height


def test_both_join(locked):
    rows = locked.execute(
        "SELECT count(*) FROM curated.likes JOIN items USING (item_id) WHERE like_count > 0"
    ).fetchall()
    assert rows == [(SmallSite().likes.height,)]


_REACH = {
    "raw": "SELECT count(*) FROM read_parquet('{data}/raw/*/*/*/*.parquet')",
    "raw by name": "SELECT count(*) FROM '{data}/raw/sketchfab/likes/run-1/part-00000.parquet'",
    "curated by path": "SELECT count(*) FROM '{data}/curated/sketchfab/likes.parquet'",
    "key": "SELECT count(*) FROM read_text('{data}/keys/pseudonym.key')",
    "list": "SELECT count(*) FROM glob('{data}/raw/*')",
    "metadata": "SELECT count(*) FROM parquet_schema('{data}/curated/sketchfab/likes.parquet')",
    "csv": "SELECT count(*) FROM read_csv('{data}/keys/pseudonym.key', header=false)",
    "attach": "ATTACH '{scratch}/other.duckdb' AS other",
    "copy": "COPY (SELECT 1) TO '{scratch}/out.csv'",
    "copy beside curated": "COPY (SELECT 1) TO '{data}/curated/sketchfab/x.parquet'",
    "analysed copy": "EXPLAIN ANALYZE COPY (SELECT 1) TO '{scratch}/plan.csv'",
    "export": "EXPORT DATABASE curated TO '{scratch}/export'",
    "setting": "SET memory_limit = '1GB'",
}


@pytest.mark.parametrize("what", _REACH)
def test_files_are_out_of_reach(what, data, locked, tmp_path):
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        locked.execute(_REACH[what].format(data=data, scratch=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", _REACH)
def test_without_the_lock_they_are_in_reach(what, data, unlocked, tmp_path):
    unlocked.execute(_REACH[what].format(data=data, scratch=tmp_path)).fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "SET temp_directory = '/tmp'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
    ],
)
def test_the_lock_cannot_be_undone_nor_extended(locked, statement):
    with pytest.raises(duckdb.Error, match=r"locked|disabled"):
        locked.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items SET title = 'x'",
        "INSERT INTO charts VALUES ('a', 'b', 'c', 'd')",
        "DROP TABLE items",
        "CREATE TABLE mine AS SELECT 1",
        "DELETE FROM snapshot.user_lists",
    ],
)
def test_the_snapshot_is_read_only(data, locked, statement):
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        locked.execute(statement)


def test_temporary_tables_may_be_made(locked):
    locked.execute("CREATE TEMP TABLE mine AS SELECT item_id FROM items LIMIT 3")
    assert len(locked.execute("FROM mine").fetchall()) == 3


def test_a_site_without_snapshot_is_said(tmp_path):
    with pytest.raises(SnapshotError, match="nothing of sketchfab is published"):
        open_snapshot(tmp_path, SITE)


def test_a_missing_file_is_said(tmp_path):
    publish_small_site(tmp_path)
    snapshot_path(tmp_path, SITE, read_pointer(tmp_path, SITE).snapshot_id).unlink()
    with pytest.raises(SnapshotError, match="cannot be opened"):
        open_snapshot(tmp_path, SITE)


def test_without_curated_tables_the_snapshot_alone_is_shown(tmp_path):
    publish_small_site(tmp_path)
    for path in curated_folder(tmp_path, SITE).iterdir():
        path.unlink()
    with open_snapshot(tmp_path, SITE) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchall() == [(40,)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("FROM curated.likes")


def test_a_quote_in_the_folder_is_no_way_out(tmp_path):
    data = tmp_path / "it's"
    publish_small_site(data)
    with open_snapshot(data, SITE) as connection:
        assert connection.execute("SELECT count(*) FROM curated.items").fetchall() == [(40,)]
