"""Whatever happens to the database, what stands in it stands, and the message has the remedy."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, make_url, text, update

from scrapers.errors import LedgerError
from scrapers.ledger import Ledger, ledger_url
from scrapers.ledger_database import LEDGER_NAME, Database
from scrapers.ledger_tables import LEDGER_VERSION, schema_version
from scrapers.records import UnitState
from tests.ledgers import KIND, units

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def _open(url, **names):
    chosen = {"site": "s", "crawl_id": "r1", "owner": "a"} | names
    return Ledger.open(url, **chosen)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no url of a database"),
        ("mysql://u:hush@h/d", r"mysql://u:\*\*\*@h/d: postgresql\+psycopg://"),
        ("postgresql://h", "user:password@host/database is needed"),
        ("sqlite://", "is needed"),
        ("sqlite:///:memory:", "'wal' is needed"),
        ("postgresql+absent://h/d", "driver is missing"),
        ("postgresql://u:hush@127.0.0.1:1/d", "see that the server runs"),
        ("postgres://u:hush@127.0.0.1:1/d", "see that the server runs"),
    ],
)
def test_a_url_that_cannot_serve_is_told_with_its_remedy(url, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LedgerError, match=words) as told:
        _open(url)
    assert "hush" not in str(told.value)


def test_a_missing_driver_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerError, match="extra scrapers"):
        _open("postgresql://h/d")


def test_a_database_that_does_not_exist_is_told(postgres_url):
    url = make_url(postgres_url).set(database="absent")
    with pytest.raises(LedgerError, match=r"\"absent\" does not exist; see that .*database"):
        _open(url)


@pytest.mark.parametrize(
    ("version", "words"),
    [(LEDGER_VERSION + 1, "newer Likewise"), (LEDGER_VERSION - 1, "move it away")],
)
def test_a_ledger_of_another_version_is_refused(tmp_path, version, words):
    url = ledger_url(tmp_path, "s")
    _open(url).close()
    database = Database(url)
    with database.write() as connection:
        connection.execute(update(schema_version).values(version=version))
    database.close()
    with pytest.raises(LedgerError, match=f"has version {version}.*{words}"):
        _open(url)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    path = tmp_path / "raw" / "s" / LEDGER_NAME
    path.parent.mkdir(parents=True)
    path.write_text("my shopping list\n" * 99)
    with pytest.raises(LedgerError, match="not a database; move it away"):
        _open(ledger_url(tmp_path, "s"))
    assert path.read_text() == "my shopping list\n" * 99


def test_only_its_owner_can_read_the_ledger(tmp_path):
    ledger = _open(ledger_url(tmp_path, "s"))
    ledger.add(units("a"))
    files = sorted((tmp_path / "raw" / "s").iterdir())
    assert [path.name for path in files] == [
        LEDGER_NAME,
        f"{LEDGER_NAME}-shm",
        f"{LEDGER_NAME}-wal",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    ledger.close()


@pytest.fixture
def public_folder():
    """A folder that is no secret, which pytest's own are; its owner cannot write to it."""
    folder = Path(tempfile.mkdtemp(prefix="likewise-ledger-"))
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody():
    """Root may write everywhere; so for the time of the test it is nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_told(public_folder, as_nobody):
    if os.geteuid() != NOBODY:
        public_folder.chmod(0o500)
    with pytest.raises(LedgerError, match="Permission denied; set LIKEWISE_DATA"):
        _open(ledger_url(public_folder, "s"))


def test_a_ledger_that_became_read_only_is_told(public_folder):
    url = ledger_url(public_folder, "s")
    _open(url).close()
    path = public_folder / "raw" / "s" / LEDGER_NAME
    path.chmod(0o400)
    public_folder.chmod(0o755)
    for folder in (public_folder / "raw", path.parent):
        folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(path, NOBODY)
        os.seteuid(NOBODY)
    try:
        with pytest.raises(LedgerError, match="Permission denied; set LIKEWISE_DATA"):
            _open(url)
    finally:
        if os.geteuid() == NOBODY:
            os.seteuid(0)


def _limit_pages(ledger, pages):
    """Stand-in for a full disk: SQLite says the same of both."""
    engine = ledger._database._engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def limit(connection, _):
        connection.execute(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_is_told_and_leaves_the_ledger_as_it_was(tmp_path):
    url = ledger_url(tmp_path, "s")
    ledger = _open(url)
    ledger.add(units(range(100)))
    _limit_pages(ledger, 30)
    with pytest.raises(LedgerError, match="full; free space"):
        ledger.add(units(range(100, 9_000)))
    assert ledger.counts() == {UnitState.PENDING: 100}
    assert len(ledger.claim(KIND, 2)) == 2
    ledger.close()
    again = _open(url)
    assert again.add(units(range(9_000))) == 8_900
    again.close()


def test_errors_show_no_values(tmp_path):
    ledger = _open(ledger_url(tmp_path, "s"))
    with pytest.raises(LedgerError) as told, ledger._database.write() as connection:
        connection.execute(text("INSERT INTO absent VALUES (:key)"), {"key": "a-secret"})
    assert "absent" in str(told.value.__cause__)
    assert "a-secret" not in f"{told.value}{told.value.__cause__}"
    ledger.close()


CRAWLER = """
import sys
from scrapers.ledger import Ledger
from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.units import Memory
from datetime import UTC, datetime
kind = UnitKind.ITEM_LIKES
ledger = Ledger.open(sys.argv[1], site="s", crawl_id="r1", owner="a")
memory = Memory(None, 9, bytes(50_000), datetime.now(UTC))
while claimed := [unit.key for unit in ledger.claim(kind, 16)]:
    ended = [LandedUnit(kind, key, UnitState.DONE, 9) for key in claimed]
    ledger.settle(ended, {(kind, key): memory for key in claimed})
    print(*claimed, flush=True)
"""


@pytest.mark.parametrize("batches", [1, 2, 5])
def test_a_killed_process_leaves_whole_batches(tmp_path, batches):
    url = ledger_url(tmp_path, "s")
    ledger = _open(url)
    ledger.add(units(range(400)))
    ledger.close()
    process = subprocess.Popen(
        [sys.executable, "-c", CRAWLER, str(url)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    told = [process.stdout.readline() for _ in range(batches)]
    process.send_signal(signal.SIGKILL)  # in the middle of whatever comes next
    told += process.stdout.readlines()
    process.stdout.close()
    assert process.wait(60) == -signal.SIGKILL
    settled = {key for line in told if line.endswith("\n") for key in line.split()}
    with sqlite3.connect(make_url(url).database) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    ledger = _open(url)
    done = {unit.key for unit in ledger.named([UnitState.DONE], 999)}
    assert settled <= done
    assert len(done) % 16 == 0
    assert set(ledger.memories(KIND)) == done
    ledger.release_own()
    assert ledger.counts() == {UnitState.DONE: len(done), UnitState.PENDING: 400 - len(done)}
    ledger.close()


@pytest.fixture
def fresh_url(ledgers):
    """Url of a database without any tables."""
    url = make_url(ledgers.url)
    if url.get_backend_name() == "sqlite":
        yield url
        return
    name = f"fresh_{ledgers.site.removeprefix('site-')}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name)
        connection.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


def test_tables_are_made_once_when_all_begin_together(fresh_url):
    barrier = threading.Barrier(6)

    def begin(_):
        barrier.wait()
        ledger = _open(fresh_url)
        added = ledger.add(units("a"))
        ledger.close()
        return added

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(begin, range(6))) == 1
