import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from pipeline.tables import FEEDBACK_TABLES, FEEDBACK_VERSION
from serving.errors import FeedbackKeyReusedError, FeedbackUnwrittenError
from serving.feedback import store as module
from serving.feedback.store import FeedbackStore, feedback_path

WRITER = """
import asyncio, sys
from pathlib import Path
from serving.feedback import store as module
from serving.feedback.store import FeedbackStore
module._WAIT_S = 60
store = FeedbackStore(Path(sys.argv[1]))
async def main():
    for n in range(40):
        rows = [(f"{n:032x}", item, "like", None, None, "s", 1, None) for item in "ab"]
        await store.write("art", rows)
asyncio.run(main())
"""


def rows(key, *items, kind="like", visitor=None, at=1):
    return [(key, item, kind, None, visitor, "s1", at, None) for item in items]


def write(store, *requests, site="art"):
    async def all_of_them():
        return [await store.write(site, request) for request in requests]

    return asyncio.run(all_of_them())


def stored(data, site="art"):
    with closing(sqlite3.connect(feedback_path(data, site))) as connection:
        return connection.execute("SELECT * FROM feedback ORDER BY 1, 2").fetchall()


def test_rows_stand_on_disk_in_the_columns_of_the_door(tmp_path):
    request = rows("k1", "b", "a", visitor="v" * 16)
    write(FeedbackStore(tmp_path), request)
    assert stored(tmp_path) == sorted(request)
    with closing(sqlite3.connect(feedback_path(tmp_path, "art"))) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(feedback)")]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert tuple(columns) == FEEDBACK_TABLES[0].column_names


def test_nobody_else_may_read_the_file(tmp_path):
    write(FeedbackStore(tmp_path), rows("k1", "a"))
    path = feedback_path(tmp_path, "art")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_request_again_changes_nothing_and_gives_the_first(tmp_path):
    first, again = write(
        FeedbackStore(tmp_path), rows("k1", "b", "a", at=1), rows("k1", "a", "b", at=99)
    )
    assert first == again == stored(tmp_path)


@pytest.mark.parametrize(
    "other", [rows("k1", "a"), rows("k1", "a", "c"), rows("k1", "a", "b", kind="click")]
)
def test_a_key_that_said_something_else_is_refused(tmp_path, other):
    store = FeedbackStore(tmp_path)
    write(store, rows("k1", "a", "b"))
    before = stored(tmp_path)
    with pytest.raises(FeedbackKeyReusedError):
        write(store, other)
    assert stored(tmp_path) == before


def test_several_processes_write_the_same_and_all_of_it_stands_once(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    said = [writer.communicate(timeout=300)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 3, said
    assert len(stored(tmp_path)) == 80


def test_processes_that_make_the_file_at_one_time_all_write(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WAIT_S", 60)
    folders = [tmp_path / str(n) for n in range(20)]

    def first_of(n, folder):
        together.wait(60)
        return write(FeedbackStore(folder), rows(f"k{n}", "a"))

    for folder in folders:
        together = threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(first_of, range(4), [folder] * 4))
        assert len(stored(folder)) == 4
        left = {path.name for path in feedback_path(folder, "art").parent.iterdir()}
        assert not [name for name in left if name.startswith(".new-")]


def test_a_locked_file_is_a_refusal_and_the_writer_goes_on_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WAIT_S", 0.01)
    store = FeedbackStore(tmp_path)
    write(store, rows("k1", "a"))
    with closing(sqlite3.connect(feedback_path(tmp_path, "art"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(FeedbackUnwrittenError, match="locked"):
            write(store, rows("k2", "a"))
        other.execute("ROLLBACK")
    write(store, rows("k2", "a"))
    assert len(stored(tmp_path)) == 2


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    store = FeedbackStore(tmp_path)
    write(store, rows("k1", "a"))
    opened = module._opened

    def small(path):
        connection = opened(path)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(module, "_opened", small)
        with pytest.raises(FeedbackUnwrittenError, match="full"):
            write(store, rows("k2", *(f"item-{n:04d}" for n in range(2000))))
    assert stored(tmp_path) == rows("k1", "a")
    write(store, rows("k2", "b"))


FIRST = """
    CREATE TABLE feedback (request_key TEXT NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL,
        vote INTEGER, visitor TEXT, snapshot_id TEXT NOT NULL, received_at INTEGER NOT NULL,
        PRIMARY KEY (request_key, item_id)) STRICT, WITHOUT ROWID
"""


def test_a_file_of_the_first_version_keeps_its_rows_and_takes_models(tmp_path):
    path = feedback_path(tmp_path, "art")
    path.parent.mkdir()
    old = ("k1", "a", "vote", 1, None, "s0", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(FIRST)
        connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", old)
        connection.execute("PRAGMA user_version = 1")
    voted = ("k2", "a", "vote", 1, None, "s1", 2, "ials")
    for store in (FeedbackStore(tmp_path), FeedbackStore(tmp_path)):
        write(store, [voted])
    assert stored(tmp_path) == [(*old, None), voted]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FEEDBACK_VERSION,)


def test_what_is_no_database_or_another_version_is_a_refusal(tmp_path):
    path = feedback_path(tmp_path, "art")
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with pytest.raises(FeedbackUnwrittenError, match="not a database"):
        write(FeedbackStore(tmp_path), rows("k1", "a"))
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(FeedbackUnwrittenError, match="version 7"):
        write(FeedbackStore(tmp_path), rows("k1", "a"))


def test_a_folder_that_cannot_be_made_is_a_refusal(tmp_path):
    (tmp_path / "feedback").write_text("in the way")
    with pytest.raises(FeedbackUnwrittenError):
        write(FeedbackStore(tmp_path), rows("k1", "a"))


def test_more_than_may_wait_are_turned_away_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    store = FeedbackStore(tmp_path)

    async def all_at_once():
        asked = (store.write("art", rows(f"k{n}", "a")) for n in range(5))
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    refused = [answer for answer in answers if isinstance(answer, FeedbackUnwrittenError)]
    assert len(refused) == 3
    assert len(stored(tmp_path)) == 2
    write(store, rows("k9", "a"))
    assert len(stored(tmp_path)) == 3
