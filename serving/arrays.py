"""Flat arrays, one after the other in a file that any number of processes map.

A mapped page is the page cache's, shared by all workers and taken back when memory is short: it
is no worker's own.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "Texts", "mapped_arrays", "write_arrays"]

_ALIGNED_BYTES: Final = 64  # as NumPy aligns what follows its headers


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of positions of differing lengths, one after the other.

    Attributes
    ----------
    starts : int64, shape (n_rows + 1,); where each row begins, and where the last one ends.
    idxs : int32, flat.
    """

    starts: NDArray[np.int64]
    idxs: NDArray[np.int32]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        """Positions of one row, in order; a view."""
        return self.idxs[self.starts[row] : self.starts[row + 1]]

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Self:
        """Rows from anything that yields positions."""
        lists = [list(row) for row in rows]
        starts = np.cumsum([0, *(len(row) for row in lists)], dtype=np.int64)
        return cls(starts, np.asarray([idx for row in lists for idx in row], np.int32))

    def transposed(self, n_columns: int) -> Rows:
        """For each column the rows that have it, ascending."""
        rows = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))
        order = np.argsort(self.idxs, kind="stable")
        counts = np.bincount(self.idxs, minlength=n_columns)
        return Rows(np.concatenate([[0], np.cumsum(counts)]), rows[order])


@dataclass(frozen=True, slots=True)
class Texts:
    """Encoded texts, one after the other.

    Attributes
    ----------
    starts : int64, shape (n_texts + 1,).
    data : uint8, flat.
    """

    starts: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> bytes:
        """One text; a copy."""
        return self.data[self.starts[place] : self.starts[place + 1]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        """All texts in order."""
        whole = self.data.tobytes()
        return (whole[start:stop] for start, stop in pairwise(self.starts.tolist()))

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Self:
        """Texts in a row."""
        listed = list(texts)
        starts = np.cumsum([0, *map(len, listed)], dtype=np.int64)
        return cls(starts, np.frombuffer(b"".join(listed), np.uint8))


def write_arrays(path: Path, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    """Write arrays to a new file, one at a time: each after its name, all names in the end.

    All of it is in NumPy's format.
    """
    with path.open("xb") as file:
        names = []
        for name, array in arrays:
            _append(file, np.asarray(name))
            _append(file, array)
            names.append(name)
        _append(file, np.asarray(names, np.str_))


def _append(file: BinaryIO, array: NDArray[Any]) -> None:
    np.save(file, array, allow_pickle=False)
    file.write(bytes(-file.tell() % _ALIGNED_BYTES))


def mapped_arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    """Arrays of a file by name, mapped read-only as one: a process may have few files open.

    Raises
    ------
    OSError, ValueError : the file does not hold such arrays, or not all that were written.
    """
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            return _all_arrays(file, mapped)
        except (MemoryError, OSError):
            raise
        except Exception as err:  # a garbled header is read as Python, and fails as that may
            raise ValueError(f"{path.name} is no file of arrays: {err}") from err


def _all_arrays(file: BinaryIO, mapped: mmap.mmap) -> Mapping[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    while (name := _next_array(file, mapped)).ndim == 0:
        arrays[str(name)] = _next_array(file, mapped)
    if name.tolist() != list(arrays) or file.tell() != len(mapped):
        raise ValueError("its names are not those that were written")
    return arrays


def _next_array(file: BinaryIO, mapped: mmap.mmap) -> NDArray[Any]:
    np.lib.format.read_magic(file)
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError(f"{file.name} holds Python objects")
    order: Literal["F", "C"] = "F" if is_fortran else "C"
    array: NDArray[Any] = np.ndarray(shape, dtype, mapped, file.tell(), order=order)
    end = file.tell() + array.nbytes
    file.seek(end + -end % _ALIGNED_BYTES)
    return array
