"""The folder in which Dagster keeps its runs: ``<data>/dagster``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.files import write_text

__all__ = ["ROOT", "dagster_environment", "dagster_home", "living_folder", "prepare_home"]

ROOT: Final = Path(__file__).parent.parent


def dagster_home(data: Path) -> Path:
    """Folder of Dagster's storage, absolute as Dagster wants it."""
    return data.resolve() / "dagster"


def living_folder(data: Path) -> Path:
    """Folder of the marks of living runs."""
    return dagster_home(data) / "living"


def prepare_home(data: Path) -> Path:
    """Make Dagster's folder: this checkout's ``dagster.yaml``, and no sign-up card at a visit."""
    home = dagster_home(data)
    write_text(home / "dagster.yaml", (ROOT / "dagster.yaml").read_text("utf-8"))
    write_text(home / ".nux" / "nux.yaml", "seen: 1\n")
    return home


def dagster_environment(data: Path) -> Mapping[str, str]:
    """What a process needs in its environment to work on this data folder."""
    return {
        "DAGSTER_HOME": str(dagster_home(data)),
        "LIKEWISE_DATA": str(data.resolve()),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
