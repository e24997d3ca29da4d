"""What is kept of pictures: whole, within the cap, and shared by processes."""

import contextlib
import errno
import io
import multiprocessing
import os

import pytest
from PIL import Image

from serving.thumbs.store import REFUSED_S, PictureStore, key_of
from tests.serving.thumbs.conftest import picture

MB = 2**20


class Clock:
    def __init__(self):
        self.now_s = 1_000_000.0

    def __call__(self):
        self.now_s += 1
        return self.now_s


def webp(n_bytes):
    """A WebP of that many bytes, an even number."""
    made = bytearray(picture("WEBP", (4, 4)))
    made += b"JUNK" + (n_bytes - len(made) - 8).to_bytes(4, "little")
    made += bytes(n_bytes - len(made))
    made[4:8] = (n_bytes - 8).to_bytes(4, "little")
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.size == (4, 4)
    return bytes(made)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    return PictureStore(tmp_path / "pictures", 8 * MB, clock)


def held(store):
    return sum(path.stat().st_size for path in store._folder.rglob("*") if path.is_file())


def test_a_picture_is_found_again_by_url_and_size(store):
    one = webp(5000)
    store.put(key_of("http://a/1", 320), one)
    assert store.picture(key_of("http://a/1", 320)) == one
    assert store.picture(key_of("http://a/1", 64)) is None
    assert store.picture(key_of("http://a/2", 320)) is None


def test_the_pictures_used_longest_ago_make_room(store):
    keys = [key_of(f"http://a/{n}", 320) for n in range(30)]
    big = webp(400_000)
    for key in keys:
        store.put(key, big)
        store.picture(keys[0])
    assert held(store) <= 8 * MB * 1.05
    kept = [n for n, key in enumerate(keys) if store.picture(key)]
    assert kept[0] == 0
    assert kept[1:] == list(range(kept[1], 30))
    assert 15 <= len(kept) < 30


def test_a_picture_that_was_cut_is_none(store):
    key = key_of("http://a/1", 320)
    store.put(key, webp(5000))
    (path,) = store._folder.rglob("*.webp")
    os.truncate(path, 100)
    assert store.picture(key) is None


def test_a_refusal_is_remembered_for_a_while(store, clock):
    key = key_of("http://a/1", 320)
    assert not store.is_refused(key)
    store.refuse(key)
    assert store.is_refused(key)
    assert not store.is_refused(key_of("http://a/1?renewed", 320))
    clock.now_s += REFUSED_S
    assert not store.is_refused(key)


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_refusal_that_the_disk_does_not_take_is_remembered_as_long(store, clock, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.tempfile.mkstemp", full)
    monkeypatch.setattr("serving.thumbs.store._MOST_REMEMBERED", 2)
    keys = [key_of(f"http://a/{n}", 320) for n in range(3)]
    for key in (*keys, keys[1]):
        store.refuse(key)
    assert [store.is_refused(key) for key in keys] == [False, True, True]
    assert not list(store._folder.glob("??/*"))
    clock.now_s += REFUSED_S
    assert not any(map(store.is_refused, keys))


def test_a_disk_that_takes_no_time_of_use_still_has_the_picture(store, monkeypatch):
    key, made = key_of("http://a/1", 320), webp(5000)
    store.put(key, made)
    monkeypatch.setattr("serving.thumbs.store.os.utime", full)
    assert store.picture(key) == made


def without_locks(*_):
    raise OSError(errno.ENOLCK, "No locks available")


def refused(*_, **__):
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_disk_without_locks_keeps_pictures_and_its_cap(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.fcntl.flock", without_locks)
    keys, big = [key_of(f"http://a/{n}", 320) for n in range(30)], webp(400_000)
    for key in keys:
        store.put(key, big)
        assert store.picture(key) == big
    assert held(store) <= 8 * MB * 1.05


def test_nobody_makes_room_while_another_does(tmp_path, store, clock):
    keys, big = [key_of(f"http://a/{n}", 320) for n in range(30)], webp(400_000)
    with store._trimming():
        for key in keys:
            store.put(key, big)
        PictureStore(tmp_path / "pictures", 8 * MB, clock).trim()
        assert all(store.picture(key) for key in keys)
    store.trim()
    assert held(store) <= 8 * MB


def test_a_picture_is_kept_where_no_room_can_be_made(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.Path.unlink", refused)
    keys, big = [key_of(f"http://a/{n}", 320) for n in range(30)], webp(400_000)
    for key in keys:
        store.put(key, big)
    assert all(store.picture(key) for key in keys)


def test_a_picture_is_kept_where_the_trim_file_cannot_be_opened(store):
    (store._folder / "trim").mkdir(parents=True)
    key, made = key_of("http://a/1", 320), webp(5000)
    store.put(key, made)
    assert store.picture(key) == made


def test_nothing_makes_room_before_the_cap_is_reached(tmp_path, store, clock):
    keys, big = [key_of(f"http://a/{n}", 320) for n in range(20)], webp(400_000)
    for key in keys:  # 95 of a hundred parts
        store.put(key, big)
    PictureStore(tmp_path / "pictures", 8 * MB, clock).trim()
    assert all(store.picture(key) for key in keys)


def test_notes_and_what_a_crash_left_are_swept_out(store, clock):
    store.refuse(key_of("http://a/1", 320))
    left = store._folder / "00" / "x.begun"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x")
    os.utime(left, (clock.now_s, clock.now_s))
    store.trim()
    assert left.exists()
    clock.now_s += 4000
    store.trim()
    assert not list(store._folder.glob("??/*"))


def test_nothing_is_left_half_written_when_the_disk_is_full(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.os.utime", full)
    with pytest.raises(OSError, match="No space"):
        store.put(key_of("http://a/1", 320), webp(5000))
    assert not list(store._folder.glob("??/*"))


def _write_many(folder, worker):
    store = PictureStore(folder, 8 * MB)
    for n in range(60):
        key = key_of(f"http://a/{n % 20}", 320)
        with store.turn(key):
            if store.picture(key) is None:
                (folder / f"made-{n % 20}-{worker}").touch()
                store.put(key, webp(4000 + 2 * (n % 20)))


def test_processes_make_each_picture_once(tmp_path):
    context = multiprocessing.get_context("fork")
    folder = tmp_path / "pictures"
    folder.mkdir()
    workers = [context.Process(target=_write_many, args=(folder, worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(list(folder.glob("made-*"))) == 20
    store = PictureStore(folder, 8 * MB)
    for n in range(20):
        assert len(store.picture(key_of(f"http://a/{n}", 320))) == 4000 + 2 * n


def test_nobody_waits_for_another_pictures_turn(store):
    with contextlib.ExitStack() as turns:
        for n in range(300):
            turns.enter_context(store.turn(key_of(f"http://a/{n}", 320)))
    assert not list(store._folder.glob("??/*"))


def test_a_disk_that_takes_no_file_holds_nobody_up(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.Path.mkdir", full)
    with store.turn(key_of("http://a/1", 320)), store.turn(key_of("http://a/1", 320)):
        assert not store._folder.exists()


def test_a_file_that_takes_no_lock_is_closed_and_holds_nobody_up(store, monkeypatch):
    opened = []

    def refuse(file, _):
        opened.append(file)
        raise OSError(37, "No locks available")

    monkeypatch.setattr("serving.thumbs.store.fcntl.flock", refuse)
    with store.turn(key_of("http://a/1", 320)), store.turn(key_of("http://a/1", 320)):
        assert [file.closed for file in opened] == [True, True]


def test_an_error_amid_a_turn_ends_it_and_is_passed_on(store):
    with pytest.raises(OSError, match="No space"), store.turn(key_of("http://a/1", 320)):
        full()
    assert not list(store._folder.glob("??/*"))


def test_a_file_that_takes_no_lock_does_not_stay(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.fcntl.flock", without_locks)
    with store.turn(key_of("http://a/1", 320)):
        assert not list(store._folder.glob("??/*"))
    assert not list(store._folder.glob("??/*"))


def test_a_turn_whose_file_cannot_be_removed_ends_and_is_had_again(store, monkeypatch):
    monkeypatch.setattr("serving.thumbs.store.Path.unlink", refused)
    key, turns = key_of("http://a/1", 320), 0
    for _ in range(2):
        with store.turn(key):
            turns += 1
    assert turns == 2
    assert len(list(store._folder.glob("??/*.turn"))) == 1
