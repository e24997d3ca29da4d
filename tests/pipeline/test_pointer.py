import pytest

from pipeline import pointer
from pipeline.pointer import Pointer, published_sites, read_pointer, site_folder, write_pointer

FIRST = Pointer("20261121T035501Z-1a2b3c", "ab" * 32, 1, "2026-11-21T03:55:02+00:00")


@pytest.fixture
def data(tmp_path):
    site_folder(tmp_path, "art").mkdir(parents=True)
    return tmp_path


def test_a_written_pointer_is_read_back(data):
    assert read_pointer(data, "art") is None
    write_pointer(data, "art", FIRST)
    assert read_pointer(data, "art") == FIRST
    assert published_sites(data) == ["art"]


def test_a_failing_rename_leaves_the_old_pointer_and_no_temp_file(data, monkeypatch):
    write_pointer(data, "art", FIRST)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(pointer.Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_pointer(data, "art", Pointer("other", "", 1, ""))
    assert read_pointer(data, "art") == FIRST
    assert [path.name for path in site_folder(data, "art").iterdir()] == ["current.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"snapshot_id": "x"}', '"text"', "\xff"])
def test_what_is_no_pointer_is_refused(data, text):
    (site_folder(data, "art") / "current.json").write_text(text, "latin-1")
    with pytest.raises(ValueError, match="is not a pointer"):
        read_pointer(data, "art")


@pytest.mark.parametrize("name", ["", "..", "../art", "Art", "a/b", "a b", "1a", "a\n"])
def test_a_name_that_is_no_site_reaches_no_folder(data, name):
    with pytest.raises(ValueError, match="does not match"):
        site_folder(data, name)
