"""Arrays of models that stand within another model's, each under its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from pipeline.recommenders.base import Arrays, Fitted

__all__ = ["packed", "unpacked"]

_SEPARATOR = "/"


def packed(parts: Iterable[tuple[str, Fitted]]) -> Arrays:
    """Arrays of all parts; names are unique."""
    return {
        f"{name}{_SEPARATOR}{inner}": array
        for name, part in parts
        for inner, array in part.to_arrays().items()
    }


def unpacked(
    arrays: Mapping[str, NDArray[Any]], classes: Mapping[str, type[Fitted]]
) -> dict[str, Fitted]:
    """The parts of these names.

    Raises
    ------
    KeyError : an array is missing; it is named in full.
    """
    return {name: kind.from_arrays(_Under(arrays, name)) for name, kind in classes.items()}


class _Under(Mapping[str, NDArray[Any]]):
    """Arrays of one part by their own names."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], part: str) -> None:
        self._arrays = arrays
        self._prefix = f"{part}{_SEPARATOR}"

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        size = len(self._prefix)
        return (name[size:] for name in self._arrays if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
