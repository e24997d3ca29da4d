import fcntl
import os
import tempfile
from contextlib import contextmanager

import pytest

from serving.scratch import scratch_folder

AN_HOUR_AGO = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(place, name, *, age=AN_HOUR_AGO):
    """Folder as a killed process leaves it."""
    folder = place / name
    folder.mkdir()
    (folder / "large.npy").write_bytes(b"x")
    (folder / "held").touch()
    if age:
        os.utime(folder / "held", age)
    return folder


@contextmanager
def held(folder):
    with (folder / "held").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_folder_is_there_and_then_gone(place):
    with scratch_folder() as folder:
        (folder / "large.npy").write_bytes(b"x")
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_removed(place):
    old = left(place, "likewise-old")
    with scratch_folder():
        assert not old.exists()


def test_what_is_used_or_new_or_not_of_this_kind_stays(place):
    used, young = left(place, "likewise-used"), left(place, "likewise-young", age=None)
    other, notes = left(place, "other"), place / "likewise-notes"
    notes.mkdir()
    with held(used), scratch_folder():
        assert all((folder / "large.npy").exists() for folder in (used, young, other))
        assert notes.exists()
    with scratch_folder():
        assert not used.exists()


def test_several_live_beside_each_other(place):
    with scratch_folder() as one:
        os.utime(one / "held", AN_HOUR_AGO)
        with scratch_folder() as other:
            assert one.is_dir()
            assert other.is_dir()
            assert one != other
