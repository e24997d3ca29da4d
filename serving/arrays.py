"""Flat arrays in a folder, each in a file of its own, which any number of processes map.

A mapped page is the page cache's, shared by all workers and taken back when memory is short: it
is no worker's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "Texts", "mapped_arrays", "write_arrays"]


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


def write_arrays(folder: Path, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    """Write each array to ``<name>.npy`` of a folder, one at a time."""
    for name, array in arrays:
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def mapped_arrays(folder: Path) -> Mapping[str, NDArray[Any]]:
    """Arrays of a folder by name, mapped read-only.

    Raises
    ------
    OSError, ValueError : a file is not such an array.
    """
    return {path.stem: _mapped(path) for path in sorted(folder.glob("*.npy"))}


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except EOFError as err:
        raise ValueError(f"{path.name} is empty") from err
    return np.asarray(array)  # a plain array: slicing a memmap costs ten times as much
