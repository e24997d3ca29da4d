"""Records that broke the contract, with the reason, one JSON object a line in the raw zone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

from scrapers.errors import Fault

__all__ = ["RejectFile", "count_reasons"]

_VALUE_LENGTH: Final = 1_000
_MODE: Final = 0o600


class RejectFile:
    """Appends rejects to a file that is made with the first of them.

    ``counts`` holds ``rejected`` (records) and ``rejected_<field>`` (faults of a field).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIOWrapper | None = None
        self.counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._path.name

    def add(self, record: object, faults: Sequence[Fault]) -> None:
        """Set a record aside; long values are cut."""
        self.counts["rejected"] += 1
        self.counts.update(f"rejected_{field}" for field in {fault.field for fault in faults})
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8")
            self._path.chmod(_MODE)
        line = {
            "rejected_at": datetime.now(UTC).isoformat(),
            "reasons": [str(fault) for fault in faults],
            "record": _shown(record),
        }
        self._file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None


def count_reasons(path: Path) -> tuple[int, Counter[str]]:
    """Rejected records of a file, and how many were rejected for each reason.

    A last line that is still being written is left out; one that a kill cut short is counted.
    """
    records, reasons = 0, Counter[str]()
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.endswith("\n"):
                records += 1
                reasons.update(_reasons(line))
    return records, reasons


def _reasons(line: str) -> Sequence[str]:
    try:
        read: Sequence[str] = json.loads(line)["reasons"]
    except (ValueError, TypeError, KeyError):
        return ["a line that is cut short"]
    return read


def _shown(record: object) -> Mapping[str, Any]:
    values = asdict(record) if is_dataclass(record) and not isinstance(record, type) else {}
    return {name: _cut(value) for name, value in values.items() if name != "faults"}


def _cut(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text[:_VALUE_LENGTH]
