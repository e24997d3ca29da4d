"""Checks of options that several commands share; each fault is a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.recommenders.registry import RECOMMENDERS

__all__ = [
    "BUDGET_S",
    "MOST_SEED",
    "MOST_THREADS",
    "NAMES",
    "is_same",
    "listed",
    "model_faults",
    "output_faults",
    "range_faults",
    "seconds_faults",
]

BUDGET_S: Final = 600.0
MOST_SEED: Final = 2**32 - 1  # what LightFM's generator takes
MOST_THREADS: Final = 1024
_SUFFIXES: Final = (".parquet", ".pq", ".csv")
_KNOWN: Final = tuple(algorithm.name for algorithm in RECOMMENDERS)
NAMES: Final = ", ".join(_KNOWN)


def listed(text: str) -> list[str]:
    """Names that are separated by commas."""
    return [name.strip() for name in text.split(",")]


def model_faults(names: list[str]) -> Iterator[str]:
    """Names of ``--model`` that are no model or stand more than once."""
    for name in dict.fromkeys(names):
        if name not in _KNOWN:
            yield f"--model: {name!r} is no model; models are {NAMES}"
        if names.count(name) > 1:
            yield f"--model: {name!r} stands {names.count(name)} times; name a model once"


def range_faults(ranges: Iterable[tuple[str, int | None, int, int | None]]) -> Iterator[str]:
    """Whole numbers out of their range, each given as option, value, least and most."""
    for option, value, low, high in ranges:
        if value is not None and (value < low or (high is not None and value > high)):
            upper = "" if high is None else f" and at most {high}"
            yield f"{option} is {value}; it must be at least {low}{upper}"


def seconds_faults(option: str, value: float | None) -> Iterator[str]:
    """A budget that is no number of seconds."""
    if value is not None and not 0 < value < float("inf"):
        yield f"{option} is {value}; it must be a number of seconds above 0"


def output_faults(outputs: Mapping[str, Path], inputs: Mapping[str, Path]) -> Iterator[str]:
    """Why files cannot be written, or would replace what is read; by names of options."""
    for name, path in outputs.items():
        if path.suffix.lower() not in _SUFFIXES:
            yield f"--{name} {path}: must end in .parquet or .csv"
        if path.is_dir():
            yield f"--{name} {path}: is a folder; name a file"
        yield from _place_faults(name, path)
        for other, read in inputs.items():
            if is_same(path, read):
                yield f"--{name} {path}: is the file of --{other} too; it would be lost"


def _place_faults(name: str, path: Path) -> Iterator[str]:
    """Why the file cannot be made, found before anything is fitted."""
    folder = next(parent for parent in path.absolute().parents if os.access(parent, os.F_OK))
    if not folder.is_dir():
        yield f"--{name} {path}: cannot be written: {folder} is a file; name another folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield f"--{name} {path}: cannot be written: no permission to write in {folder}"


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, RuntimeError):
        return False
