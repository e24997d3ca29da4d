import stat

import polars as pl
import pytest

from pipeline.files import write_atomically, write_bytes, write_frame, write_frames, write_text


def test_write_makes_folders_and_leaves_no_temp_file(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "grüße")
    assert path.read_text("utf-8") == "grüße"
    assert [file.name for file in path.parent.iterdir()] == ["b.txt"]


def test_failing_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "b.bin"
    write_bytes(path, b"old")

    def fail(temporary):
        temporary.write_bytes(b"torn")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_temp_file_is_never_named_parquet(tmp_path):
    seen = []
    write_atomically(tmp_path / "x.parquet", lambda file: seen.append(file.name))
    assert seen
    assert not seen[0].endswith(".parquet")


def test_mode_is_as_asked(tmp_path):
    write_bytes(tmp_path / "secret", b"x", mode=0o600)
    write_bytes(tmp_path / "open", b"x")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644


@pytest.mark.parametrize(("name", "read"), [("f.parquet", pl.read_parquet), ("f.csv", pl.read_csv)])
def test_frame_takes_the_format_of_its_name(tmp_path, name, read):
    frame = pl.DataFrame({"item_id": ["a", "b"], "rank": [1, 2]})
    write_frame(frame, tmp_path / name)
    assert read(tmp_path / name).equals(frame)


def test_no_frame_is_renamed_when_one_cannot_be_written(tmp_path):
    good, bad = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [[1]]})
    with pytest.raises(pl.exceptions.ComputeError):
        write_frames({tmp_path / "good.csv": good, tmp_path / "bad.csv": bad})
    assert list(tmp_path.iterdir()) == []
