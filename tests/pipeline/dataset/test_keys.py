import stat

import pytest

from pipeline.dataset.keys import Key, load_key, load_or_create_key
from pipeline.errors import KeyFileError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "pseudonym.key"


def write(path, secret=bytes(range(32)), mode=0o600):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(secret)
    path.chmod(mode)
    return path


def test_first_use_makes_a_random_key_that_only_its_owner_reads(path, tmp_path):
    key = load_or_create_key(path, tmp_path)
    assert len(key.secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    other = load_or_create_key(tmp_path / "other.key", tmp_path)
    assert other.secret != key.secret


def test_second_use_finds_the_same_key(path, tmp_path):
    assert load_or_create_key(path, tmp_path) == load_or_create_key(path, tmp_path)


def test_key_made_by_another_process_meanwhile_holds(path, tmp_path, monkeypatch):
    def lost_race(size):
        write(path, b"x" * 32)
        return b"y" * size

    monkeypatch.setattr("secrets.token_bytes", lost_race)
    assert load_or_create_key(path, tmp_path).secret == b"x" * 32


@pytest.mark.parametrize("size", [0, 31])
def test_short_key_is_refused(path, size):
    with pytest.raises(KeyFileError, match=f"holds {size} bytes, at least 32 .* restore"):
        load_key(write(path, b"x" * size))


@pytest.mark.parametrize("size", [32, 33, 64])
def test_key_of_at_least_32_bytes_is_taken_whole(path, size):
    assert load_key(write(path, b"\n" * size)).secret == b"\n" * size


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o660])
def test_key_that_others_may_use_is_refused(path, mode):
    with pytest.raises(KeyFileError, match=f"mode 0{mode:o}.*chmod 600"):
        load_key(write(path, mode=mode))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_key_that_only_the_owner_reads_is_taken(path, mode):
    assert load_key(write(path, mode=mode)).key_id


def test_missing_key_is_refused_once_likes_depend_on_it(path, tmp_path):
    curated = tmp_path / "curated" / "shop" / "likes.parquet"
    curated.parent.mkdir(parents=True)
    curated.write_bytes(b"")
    with pytest.raises(KeyFileError, match="does not exist: restore it from its backup"):
        load_or_create_key(path, tmp_path)
    assert not path.exists()


def test_reading_never_makes_a_key(path):
    with pytest.raises(KeyFileError, match="does not exist"):
        load_key(path)
    assert not path.exists()


def test_folder_in_place_of_a_key_is_refused(tmp_path):
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_key(tmp_path)


def test_key_id_tells_keys_apart_and_shows_no_secret():
    first, second = Key(bytes(range(32))), Key(bytes(range(1, 33)))
    assert first.key_id != second.key_id
    assert len(first.key_id) == 12
    assert "secret" not in repr(first)
    assert first.secret.hex() not in repr(first) + first.key_id
