import shutil
import threading
from datetime import timedelta

import duckdb
import pytest

from pipeline import publishing
from pipeline.errors import SnapshotError
from pipeline.pointer import file_sha256, read_pointer, site_folder, snapshot_path
from pipeline.publishing import list_snapshots, pin, publish, rollback, unpin
from pipeline.snapshot.files import (
    PUBLISH_LOCK,
    hash_path,
    kept_snapshots,
    locked,
    write_hash,
)
from tests.factories import NOW, SITE, build_small_snapshot


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A data folder with three snapshots, none published."""
    data = tmp_path_factory.mktemp("three")
    for day in range(3):
        build_small_snapshot(data, seed=day, now=NOW + timedelta(days=day))
    return data


@pytest.fixture
def data(three, tmp_path):
    shutil.copytree(three, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def ids(data):
    return kept_snapshots(data, SITE)


def _current(data):
    pointer = read_pointer(data, SITE)
    return None if pointer is None else (pointer.snapshot_id, pointer.pinned)


def _change(path, statement):
    """Change a snapshot and keep its hash true."""
    path.chmod(0o644)
    with duckdb.connect(path) as connection:
        connection.execute(statement)
    write_hash(path.parents[2], SITE, path.stem, file_sha256(path))


def test_the_newest_is_published_by_default(data, ids):
    publication = publish(data, SITE)
    assert publication.published
    assert _current(data) == (ids[2], False)
    pointer = read_pointer(data, SITE)
    assert pointer == publication.pointer
    assert pointer.sha256 == file_sha256(snapshot_path(data, SITE, ids[2]))


def test_a_named_one_is_published(data, ids):
    publish(data, SITE, ids[0])
    assert _current(data) == (ids[0], False)


def test_rollback_serves_the_one_before_and_pins_it(data, ids):
    publish(data, SITE)
    rollback(data, SITE)
    assert _current(data) == (ids[1], True)
    rollback(data, SITE)
    assert _current(data) == (ids[0], True)
    with pytest.raises(SnapshotError, match="nothing to roll back to"):
        rollback(data, SITE)
    rollback(data, SITE, ids[2])
    assert _current(data) == (ids[2], True)


def test_a_pinned_snapshot_keeps_its_place_until_unpinned(data, ids):
    publish(data, SITE)
    rollback(data, SITE)
    newer = build_small_snapshot(data, seed=3, now=NOW + timedelta(days=9)).snapshot_id
    publication = publish(data, SITE, newer)
    assert not publication.published
    assert publication.pointer.snapshot_id == ids[1]
    assert _current(data) == (ids[1], True)
    assert newer in kept_snapshots(data, SITE)
    unpin(data, SITE)
    assert _current(data) == (ids[1], False)
    assert publish(data, SITE, newer).published
    assert _current(data) == (newer, False)


def test_pin_keeps_the_published_one(data, ids):
    publish(data, SITE, ids[1])
    pin(data, SITE)
    assert not publish(data, SITE).published
    assert publish(data, SITE, ids[1]).published
    assert _current(data) == (ids[1], True)


@pytest.mark.parametrize("act", [rollback, pin, unpin])
def test_with_nothing_published_there_is_nothing_to_change(data, act):
    with pytest.raises(SnapshotError, match="nothing of sketchfab is published"):
        act(data, SITE)


def test_a_site_without_snapshots_has_nothing_to_publish(tmp_path):
    with pytest.raises(SnapshotError, match="no snapshot of sketchfab"):
        publish(tmp_path, SITE)
    assert list_snapshots(tmp_path, SITE) == []


@pytest.mark.parametrize("name", ["20200101T000000Z-000000", "current", "../../x", ""])
def test_an_unknown_id_is_refused(data, ids, name):
    publish(data, SITE, ids[0])
    if name:
        with pytest.raises(SnapshotError, match="no snapshot"):
            publish(data, SITE, name)
        assert _current(data) == (ids[0], False)
    else:
        publish(data, SITE, name)
        assert _current(data) == (ids[2], False)


def test_a_flipped_byte_is_refused_and_its_twin_is_not(data, ids):
    publish(data, SITE, ids[0])
    path = snapshot_path(data, SITE, ids[2])
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match="the file is damaged"):
        publish(data, SITE, ids[2])
    assert _current(data) == (ids[0], False)
    assert publish(data, SITE, ids[1]).published


def test_a_snapshot_without_its_hash_is_refused(data, ids):
    hash_path(data, SITE, ids[2]).unlink()
    with pytest.raises(SnapshotError, match="cannot be trusted"):
        publish(data, SITE)
    assert _current(data) is None


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE snapshot_info SET schema_version = 99", "has schema version 99"),
        ("DELETE FROM snapshot_info", "says nothing of itself"),
        ("DROP TABLE snapshot_info", "cannot be read"),
    ],
)
def test_a_snapshot_that_cannot_be_served_is_refused(data, ids, statement, message):
    publish(data, SITE, ids[0])
    _change(snapshot_path(data, SITE, ids[2]), statement)
    with pytest.raises(SnapshotError, match=message):
        publish(data, SITE)
    assert _current(data) == (ids[0], False)


def test_a_failing_pointer_leaves_the_published_one(data, ids, monkeypatch):
    publish(data, SITE, ids[0])

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(publishing, "write_pointer", fail)
    with pytest.raises(OSError, match="disk full"):
        publish(data, SITE)
    assert _current(data) == (ids[0], False)


def test_the_last_ones_are_kept_and_the_published_one_always(data, ids):
    publish(data, SITE, ids[0])
    pin(data, SITE)
    assert publish(data, SITE, ids[2], keep=2).removed == (ids[1],)
    assert kept_snapshots(data, SITE) == [ids[0], ids[2]]
    assert not hash_path(data, SITE, ids[1]).exists()
    assert publish(data, SITE, ids[2], keep=1).removed == (ids[2],)
    assert kept_snapshots(data, SITE) == [ids[0]]


def test_five_are_kept(data, ids):
    for day in range(3, 6):
        newest = build_small_snapshot(data, now=NOW + timedelta(days=day)).snapshot_id
    assert publish(data, SITE, newest).removed == (ids[0],)
    assert len(kept_snapshots(data, SITE)) == 5


def test_list_tells_what_is_current_and_what_is_damaged(data, ids):
    publish(data, SITE, ids[1])
    snapshot_path(data, SITE, ids[0]).chmod(0o644)
    snapshot_path(data, SITE, ids[0]).write_bytes(b"x" * 5000)
    newest, middle, oldest = list_snapshots(data, SITE)
    assert [s.snapshot_id for s in (newest, middle, oldest)] == ids[::-1]
    assert [s.current for s in (newest, middle, oldest)] == [False, True, False]
    assert middle.created_at == NOW + timedelta(days=1)
    assert (middle.n_users, middle.n_items) == (30, 40)
    assert middle.size_bytes == snapshot_path(data, SITE, ids[1]).stat().st_size
    assert oldest.fault
    assert newest.fault is None


def test_a_damaged_pointer_is_said(data):
    (site_folder(data, SITE) / "current.json").write_text("{")
    with pytest.raises(SnapshotError, match="is not a pointer"):
        publish(data, SITE)


def test_two_publications_come_one_after_the_other(data, ids):
    waiting = threading.Thread(target=publish, args=(data, SITE, ids[2]))
    with locked(data, SITE, PUBLISH_LOCK):
        waiting.start()
        waiting.join(timeout=0.2)
        assert waiting.is_alive()
        assert _current(data) is None
    waiting.join(timeout=30)
    assert _current(data) == (ids[2], False)


@pytest.mark.parametrize("change", [publish, rollback, pin, unpin])
def test_a_site_that_was_never_built_is_refused_and_gets_no_folder(tmp_path, change):
    with pytest.raises(SnapshotError, match="no snapshot of nowhere"):
        change(tmp_path, "nowhere")
    assert list(tmp_path.iterdir()) == []
