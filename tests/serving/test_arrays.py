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


def test_arrays_of_a_folder_are_mapped_and_cannot_be_written(tmp_path):
    written = {"a.starts": np.arange(3), "b": np.zeros((2, 0), np.float32)}
    write_arrays(tmp_path, iter(written.items()))
    (tmp_path / "facts.json").write_text("{}")
    mapped = mapped_arrays(tmp_path)
    assert list(mapped) == ["a.starts", "b"]
    for name, array in written.items():
        np.testing.assert_array_equal(mapped[name], array)
        assert mapped[name].dtype == array.dtype
    with pytest.raises(ValueError, match="read-only"):
        mapped["a.starts"][0] = 1


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY"])
def test_a_file_that_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        mapped_arrays(tmp_path)


def test_an_array_that_would_run_code_is_neither_written_nor_read(tmp_path):
    objects = np.array([object()])
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(tmp_path, [("a", objects)])
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        mapped_arrays(tmp_path)
