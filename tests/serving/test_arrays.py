import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.arrays import Rows, Texts, mapped_arrays, write_arrays

N_COLUMNS = 7
rows_of_positions = st.lists(st.lists(st.integers(0, N_COLUMNS - 1), unique=True, max_size=5))


@given(rows_of_positions)
def test_rows_give_back_what_was_put_in(rows):
    made = Rows.of(rows)
    assert len(made) == len(rows)
    assert [made[row].tolist() for row in range(len(made))] == rows


@given(rows_of_positions)
def test_columns_know_the_rows_that_have_them(rows):
    columns = Rows.of(rows).transposed(N_COLUMNS)
    assert len(columns) == N_COLUMNS
    for column in range(N_COLUMNS):
        assert columns[column].tolist() == [n for n, row in enumerate(rows) if column in row]


def test_a_row_is_a_view():
    rows = Rows.of([[1, 2], [], [3]])
    assert rows[2].base is rows.idxs


@given(st.lists(st.binary(max_size=4)))
def test_texts_give_back_what_was_put_in(texts):
    made = Texts.of(texts)
    assert len(made) == len(texts)
    assert list(made) == texts
    assert [made[place] for place in range(len(made))] == texts


def written(path, **arrays):
    write_arrays(path, iter(arrays.items()))
    return path


def test_arrays_are_mapped_and_cannot_be_written(tmp_path):
    arrays = {
        "a.starts": np.arange(3),
        "b": np.zeros((2, 0), np.float32),
        "c": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        "d": np.array([True, False]),
        "e": np.array(7.5),
    }
    mapped = mapped_arrays(written(tmp_path / "arrays.npy", **arrays))
    assert list(mapped) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(mapped[name], array)
        assert mapped[name].dtype == array.dtype
        assert mapped[name].flags.aligned
        assert not mapped[name].flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        mapped["a.starts"][0] = 1


def times_open(path):
    """How many descriptors of this process are of the file."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile, by another thread
            found += os.path.samestat(one.stat(), path.stat())
    return found


def test_any_number_of_arrays_is_one_open_file(tmp_path):
    path = written(tmp_path / "arrays.npy", **{str(n): np.arange(n) for n in range(200)})
    mapped = mapped_arrays(path)
    assert times_open(path) == 1
    assert len(mapped) == 200
    del mapped
    assert times_open(path) == 0


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY"])
def test_a_file_that_holds_no_arrays_is_refused(tmp_path, content):
    (tmp_path / "arrays.npy").write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        mapped_arrays(tmp_path / "arrays.npy")


def test_a_file_that_was_cut_is_refused_wherever_it_was(tmp_path):
    path = written(tmp_path / "arrays.npy", a=np.arange(100), b=np.arange(3))
    whole = path.read_bytes()
    assert list(mapped_arrays(path)) == ["a", "b"]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"arrays\.npy|empty file"):
            mapped_arrays(path)
    path.write_bytes(whole + bytes(64))
    with pytest.raises(ValueError, match=r"arrays\.npy"):
        mapped_arrays(path)


def test_a_garbled_file_gives_all_its_names_or_is_refused(tmp_path):
    path = written(tmp_path / "arrays.npy", first=np.arange(3), second=np.arange(2))
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for place, value in zip(
        random.integers(0, len(whole), 1000).tolist(),
        random.integers(0, 256, 1000).tolist(),
        strict=True,
    ):
        path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
        try:
            assert list(mapped_arrays(path)) == ["first", "second"]
        except ValueError:
            refused += 1
    assert refused > 100


def test_an_array_that_would_run_code_is_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        written(tmp_path / "a.npy", a=np.array([object()]))
    with (tmp_path / "b.npy").open("wb") as file:
        np.save(file, np.asarray("b"))
        file.write(bytes(-file.tell() % 64))
        np.save(file, np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        mapped_arrays(tmp_path / "b.npy")
