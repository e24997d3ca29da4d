"""Snapshots are unfolded once, by whoever is first, and ahead of their publication."""

import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline import pointer
from pipeline.deny import DenyList
from pipeline.tables import SCHEMA_VERSION
from serving import folders
from serving.arrays import mapped_arrays
from serving.errors import SnapshotRefusedError
from serving.folders import unfold_ahead, unfolded
from serving.loading import load
from serving.settings import ServingSettings
from tests.factories import SITE, publish_small_site

NOBODY = DenyList()


@pytest.fixture
def site(tmp_path):
    """Settings on a published small site, with a cache."""
    built = publish_small_site(tmp_path)
    published = pointer.read_pointer(tmp_path, SITE)
    settings = ServingSettings(data=tmp_path, cache=tmp_path / "cache", load_apart=False)
    return settings, built, published


def no_more(*_, **__):
    raise AssertionError("unfolded again")


def test_a_second_worker_finds_the_folder(site, monkeypatch):
    settings, _, published = site
    with unfolded(settings, SITE, published, NOBODY) as first:
        pass
    monkeypatch.setattr(folders, "_unfold", no_more)
    with unfolded(settings, SITE, published, NOBODY) as second:
        assert second == first
    with pytest.raises(AssertionError, match="again"):  # what else is denied is another folder
        unfolded(settings, SITE, published, DenyList(tags={"cat"})).__enter__()


def test_a_process_of_its_own_unfolds_the_same(site, tmp_path):
    settings, _, published = site
    apart = settings.model_copy(update={"cache": tmp_path / "other", "load_apart": True})
    denied = DenyList(items={"item-003", *(f"unheard-of-{n}" for n in range(20_000))})
    with (
        unfolded(settings, SITE, published, denied) as here,
        unfolded(apart, SITE, published, denied) as there,
    ):
        own, other = mapped_arrays(here / "arrays.npy"), mapped_arrays(there / "arrays.npy")
        assert own.keys() == other.keys()
        assert all(np.array_equal(own[name], other[name]) for name in own)


def test_a_process_of_its_own_tells_why_it_refuses(site):
    settings, _, _ = site
    path = pointer.snapshot_path(settings.data, SITE, "junk")
    path.write_bytes(b"no database")
    junk = pointer.Pointer("junk", pointer.file_sha256(path), SCHEMA_VERSION, "")
    for apart in (False, True):
        with pytest.raises(SnapshotRefusedError, match=r"junk\.duckdb cannot be read"):
            load(settings.model_copy(update={"load_apart": apart}), SITE, junk)
    assert not list(settings.cache.glob("*junk*/"))
    assert not [path for path in settings.cache.iterdir() if path.name.startswith(".")]


def test_what_is_built_is_unfolded_before_it_is_published(site, monkeypatch):
    settings, built, published = site
    unfold_ahead(settings, SITE, NOBODY, set())
    monkeypatch.setattr(folders, "_unfold", no_more)
    assert load(settings, SITE, published).snapshot_id == built.snapshot_id


def test_what_is_not_fit_is_tried_ahead_once(site, monkeypatch):
    settings, built, _ = site
    built.path.chmod(0o600)
    built.path.write_bytes(b"torn")
    tried = set()
    unfold_ahead(settings, SITE, NOBODY, tried)
    assert len(tried) == 1
    monkeypatch.setattr(folders, "file_faults", no_more)
    unfold_ahead(settings, SITE, NOBODY, tried)
    with pytest.raises(AssertionError, match="again"):
        unfold_ahead(settings, SITE, NOBODY, set())


def test_the_folders_that_were_used_last_stay(site):
    settings, _, published = site
    lists = [DenyList(items={f"item-{n:03d}"}) for n in range(6)]
    for denied in lists:
        with unfolded(settings, SITE, published, denied):
            pass
    kept = sorted(settings.cache.glob(f"{SITE}.*/"))
    assert len(kept) == 5  # four that were there, and the new one
    assert not any(lists[0].digest[:16] in path.name for path in kept)


def test_a_denied_item_is_in_nothing_that_is_loaded(site):
    settings, _, published = site
    snapshot = load(settings, SITE, published, DenyList(items={"item-003"}, tags={"boat"}))
    items = snapshot.items
    gone = {idx for idx in range(len(items.ids)) if not items.allowed[idx]}
    assert items.ids.index("item-003") in gone
    assert len(gone) > 5  # those with the tag too
    assert "item-003" not in items.index
    listed = [
        snapshot.popular,
        snapshot.latest,
        snapshot.trending,
        *(lists.item_idxs for named in snapshot.lists.values() for lists in named.values()),
        *(groups.items.idxs for groups in snapshot.groups.values()),
        snapshot.search.search("model 3", 40)[0],
    ]
    assert all(len(one) for one in listed)
    assert not any(gone & set(one.tolist()) for one in listed)
    assert "boat" not in snapshot.groups["tag"].index
    assert load(settings, SITE, published).groups["tag"].index["boat"] >= 0


def test_a_folder_that_lost_something_is_filled_anew(site):
    settings, built, published = site
    with unfolded(settings, SITE, published, NOBODY) as folder:
        whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("facts.json", "arrays.npy", "sizes.json"):
        (folder / name).write_bytes(b"")
        assert load(settings, SITE, published).snapshot_id == built.snapshot_id
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
        (folder / name).unlink()
        assert load(settings, SITE, published).snapshot_id == built.snapshot_id


def garbled(path):
    """Other bytes in a file of the same size."""
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("name", ["facts.json", "arrays.npy"])
def test_a_folder_whose_content_is_garbled_is_filled_anew(site, name):
    settings, built, published = site
    with unfolded(settings, SITE, published, NOBODY) as folder:
        whole = (folder / name).read_bytes()
    garbled(folder / name)
    assert load(settings, SITE, published).snapshot_id == built.snapshot_id
    assert (folder / name).read_bytes() == whole


def test_what_cannot_be_read_just_after_it_was_filled_is_refused(site, monkeypatch):
    settings, _, published = site
    real, fills = folders._unfold, []

    def garbling(path, folder, *rest):
        fills.append(path)
        real(path, folder, *rest)
        garbled(folder / "arrays.npy")

    monkeypatch.setattr(folders, "_unfold", garbling)
    with pytest.raises(SnapshotRefusedError, match="cannot be read"):
        load(settings, SITE, published)
    assert len(fills) == 1
    with pytest.raises(SnapshotRefusedError, match="cannot be read"):
        load(settings, SITE, published)
    assert len(fills) == 2


def test_the_disk_holds_a_folder_before_it_has_its_name(site, monkeypatch):
    settings, _, published = site
    real, synced = os.fsync, set()

    def noted(handle):
        assert not list(settings.cache.glob(f"{SITE}.*/"))
        synced.add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(folders.os, "fsync", noted)
    with unfolded(settings, SITE, published, NOBODY) as folder:
        assert synced == {path.stat().st_ino for path in (folder, *folder.iterdir())}


def filled(settings, published, n):
    """Folders of one snapshot less other items, the first the one that was used longest ago."""
    found = []
    for number in range(n):
        denied = DenyList(items={f"item-{number:03d}"})
        with unfolded(settings, SITE, published, denied) as folder:
            found.append((denied, folder))
        os.utime(folder, (number, number))
    return found


def test_the_oldest_folder_is_not_removed_by_who_wants_it(site, monkeypatch):
    settings, _, published = site
    ((denied, oldest), *_) = filled(settings, published, 5)
    monkeypatch.setattr(folders, "_unfold", no_more)
    with unfolded(settings, SITE, published, denied) as folder:
        assert folder == oldest
        assert (settings.cache / f"{oldest.name}.lock").exists()


def test_a_folder_that_another_process_uses_stays(site):
    settings, _, published = site
    ((_, oldest), *_) = filled(settings, published, 5)
    with (settings.cache / f"{oldest.name}.lock").open("w") as used:
        fcntl.flock(used, fcntl.LOCK_EX)
        with unfolded(settings, SITE, published, NOBODY):
            assert oldest.is_dir()
    with unfolded(settings, SITE, published, NOBODY):
        assert not oldest.exists()
        assert not (settings.cache / f"{oldest.name}.lock").exists()


def test_a_lock_that_was_removed_while_it_was_waited_for_is_none(site, monkeypatch):
    settings, _, published = site
    real, locks = fcntl.flock, []

    def removed_first(file, how):
        if not locks:
            Path(file.name).unlink()
        locks.append(file.name)
        real(file, how)

    monkeypatch.setattr(folders.fcntl, "flock", removed_first)
    with unfolded(settings, SITE, published, NOBODY):
        assert len(locks) == 2
        assert Path(locks[1]).exists()
