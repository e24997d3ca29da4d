"""What a run has landed: part files with the units of work that each holds.

The raw zone is ``<data>/raw/<site>/<table>/<run_id>/``: part files listed in ``manifest.json``.
A part that no manifest lists does not exist for a reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from scrapers.vocabulary import Mode, RawTable, RunStatus, UnitKind, UnitState

__all__ = [
    "GONE",
    "MANIFEST_NAME",
    "SCHEMA_VERSION",
    "LandedUnit",
    "Manifest",
    "Part",
    "listed_parts",
    "raw_folder",
    "read_manifest",
]

SCHEMA_VERSION: Final = 2
"""Version 1 had no units and no modes; it is still read."""
MANIFEST_NAME: Final = "manifest.json"
GONE: Final = "gone"
"""Why a unit was read to its end though nothing is there: the site says that it does not exist."""


@dataclass(frozen=True, slots=True)
class LandedUnit:
    """How a unit of work ended.

    ``key`` is an item's id, a user's pseudonym, or a page; ``read`` counts distinct rows, those
    known from an earlier crawl included, and ``announced`` what the site said there are.
    ``whole`` says that the list was read from its beginning to its end, so that what it does
    not hold is gone; ``why`` names what is missing of a partial or failed unit, or is `GONE`.
    """

    kind: UnitKind
    key: str
    state: UnitState
    read: int = 0
    announced: int | None = None
    whole: bool = False
    ended_at: str = ""
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One landed file of a manifest; ``size_bytes`` and ``sha256`` are of the whole file.

    ``units`` are those whose rows it holds, each from its first row to its last.  A part of no
    bytes has no file: its rows were purged, and its units are known still.
    """

    name: str
    rows: int
    size_bytes: int
    sha256: str
    units: tuple[LandedUnit, ...] = ()

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Part:
        """Part of the fields of a manifest."""
        units = tuple(
            LandedUnit(UnitKind(kind), key, UnitState(state), *rest)
            for kind, key, state, *rest in fields.get("units", ())
        )
        return cls(**{**fields, "units": units})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run landed of one table.

    Processes that share a crawl have a run each and its ``crawl_id`` in common.  ``counts``
    holds the figures of the crawl (announced, read, rejected, by reason); instants are ISO 8601
    in UTC.
    """

    site: str
    table: RawTable
    run_id: str
    status: RunStatus
    started_at: str
    finished_at: str | None = None
    parts: tuple[Part, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    mode: Mode = Mode.FULL
    crawl_id: str = ""

    @property
    def rows(self) -> int:
        """Rows of all listed parts."""
        return sum(part.rows for part in self.parts)

    @property
    def units(self) -> Mapping[tuple[UnitKind, str], LandedUnit]:
        """Units of all listed parts by kind and key; of one that ended twice, the last end."""
        return {(unit.kind, unit.key): unit for part in self.parts for unit in part.units}

    def to_json(self) -> str:
        """Text of ``manifest.json``: a line a part, in which a unit is a list of its fields."""
        parts = [
            {**_fields(part), "units": [list(_fields(unit).values()) for unit in part.units]}
            for part in self.parts
        ]
        lines = ",\n  ".join(json.dumps(part, sort_keys=True) for part in parts)
        rest = json.dumps({**_fields(self), "parts": []}, indent=1, sort_keys=True)
        return rest.replace('"parts": []', f'"parts": [\n  {lines}\n ]', 1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Manifest written by `to_json`.

        Raises
        ------
        ValueError : no JSON, a missing field, or another schema version.
        """
        read: dict[str, Any] = json.loads(text)
        version = read.get("schema_version")
        if version not in range(1, SCHEMA_VERSION + 1):
            raise ValueError(
                f"manifest has schema version {version}, this code reads 1 to {SCHEMA_VERSION}"
            )
        try:
            read["table"] = RawTable(read["table"])
            read["status"] = RunStatus(read["status"])
            read["parts"] = tuple(map(Part.from_fields, read["parts"]))
            read["mode"] = Mode(read.get("mode", Mode.FULL))
            read["crawl_id"] = read.get("crawl_id") or read["run_id"]
            return cls(**read)
        except (KeyError, TypeError) as err:
            raise ValueError(f"manifest is not of the expected form: {err}") from err


def raw_folder(data: Path, site: str, table: RawTable, run_id: str) -> Path:
    """Folder of one run's parts of a table."""
    return data / "raw" / site / table.value / run_id


def read_manifest(folder: Path) -> Manifest | None:
    """Manifest of a run's folder; None where nothing was landed."""
    path = folder / MANIFEST_NAME
    return Manifest.from_json(path.read_text("utf-8")) if path.exists() else None


def listed_parts(folder: Path) -> list[Path]:
    """Part files that the folder's manifest lists, in landing order; empty without one."""
    manifest = read_manifest(folder)
    parts = () if manifest is None else manifest.parts
    return [folder / part.name for part in parts if part.size_bytes]


def _fields(record: Manifest | Part | LandedUnit) -> dict[str, Any]:
    """Fields of a record as they are; `dataclasses.asdict` copies all that lies in them."""
    return {item.name: getattr(record, item.name) for item in fields(record)}
