"""Parameters from a TOML file: one table a model."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.registry import RECOMMENDERS

__all__ = ["ParamsFile", "read_params_file"]


@dataclass(frozen=True, slots=True)
class ParamsFile:
    """Models with the parameters that a file fixes, by name, and every fault of the file."""

    models: Mapping[str, Recommender]
    faults: tuple[str, ...] = ()


def read_params_file(path: Path) -> ParamsFile:
    """Models of the file's tables; what a table leaves out has its default.

    Nothing is raised for what the file holds: see `ParamsFile.faults`.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ParamsFile({}, (f"{path}: does not exist",))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        return ParamsFile({}, (f"{path}: is not readable as TOML: {err}",))
    known = {algorithm.name: algorithm for algorithm in RECOMMENDERS}
    models: dict[str, Recommender] = {}
    faults: list[str] = []
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            faults.append(f"{name!r} is not a table of a model; models are {', '.join(known)}")
            continue
        found = list(_unknown(known[name], table))
        try:
            models[name] = known[name](**_of(known[name], table))
        except InputError as err:
            found += err.faults
        faults += found
    return ParamsFile(models, tuple(f"{path}: {fault}" for fault in faults))


def _of(algorithm: type[Recommender], table: Mapping[str, Any]) -> dict[str, Any]:
    names = _parameters(algorithm)
    return {name: value for name, value in table.items() if name in names}


def _unknown(algorithm: type[Recommender], table: Mapping[str, Any]) -> Iterator[str]:
    names = _parameters(algorithm)
    allowed = f"its parameters are {', '.join(names)}" if names else "it has no parameters"
    for name in table:
        if name not in names:
            yield f"{algorithm.name} has no parameter {name!r}; {allowed}"


def _parameters(algorithm: type[Recommender]) -> list[str]:
    """What a table may set; the models within another have tables of their own."""
    return [parameter.name for parameter in fields(algorithm) if parameter.metadata]
