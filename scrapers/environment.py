"""What an operator sets for all crawls, from the environment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

__all__ = ["CrawlSettings", "Profile", "ProgressBar", "read_settings"]


class Profile(StrEnum):
    """How hard a site may be asked."""

    POLITE = "polite"
    FAST = "fast"


class ProgressBar(StrEnum):
    """When a progress bar is drawn."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """Settings of all crawls; each field's metadata has its variable and what it means."""

    data: Path = field(
        default=Path("data"),
        metadata={"env": "LIKEWISE_DATA", "description": "Folder of everything that is written."},
    )
    contact: str | None = field(
        default=None,
        metadata={
            "env": "LIKEWISE_CONTACT",
            "description": "Address or url in the user agent; needed to crawl a real site.",
        },
    )
    profile: Profile = field(
        default=Profile.POLITE,
        metadata={
            "env": "LIKEWISE_PROFILE",
            "description": "polite, or fast (no delays): for a site on loopback only.",
        },
    )
    progress: ProgressBar = field(
        default=ProgressBar.AUTO,
        metadata={
            "env": "LIKEWISE_PROGRESS",
            "description": "Progress bar: auto (on a terminal), always or never.",
        },
    )
    chromium: Path | None = field(
        default=None,
        metadata={
            "env": "CHROMIUM_PATH",
            "description": "Browser for the catalogue; else one on PATH, else Playwright's own.",
        },
    )
    key_file: Path | None = field(
        default=None,
        metadata={
            "env": "LIKEWISE_KEY_FILE",
            "description": "File of the pseudonym secret; keys/pseudonym.key of the data folder.",
        },
    )
    ledger_url: str | None = field(
        default=None,
        metadata={
            "env": "LIKEWISE_LEDGER_URL",
            "description": "Database of the crawl's ledger, postgresql+psycopg://... say, for "
            "several processes; else an SQLite file in the raw zone.",
        },
        repr=False,
    )
    patience_h: float | None = field(
        default=None,
        metadata={
            "env": "LIKEWISE_PATIENCE_H",
            "description": "Hours for which a site that does not answer is waited for; 6, in the "
            "fast profile 0.02.",
        },
    )

    @property
    def key_path(self) -> Path:
        """File of the pseudonym secret: ``key_file``, else the one in the data folder."""
        return self.key_file or self.data / "keys" / "pseudonym.key"


_E = TypeVar("_E", bound=StrEnum)
_MOST_HOURS: Final = 720.0


def read_settings(environment: Mapping[str, str], faults: list[str]) -> CrawlSettings:
    """Settings with defaults filled in, an empty variable being none; faults are collected."""
    contact = environment.get("LIKEWISE_CONTACT", "").strip() or None
    if contact is not None and not (contact.isascii() and contact.isprintable()):
        faults.append("LIKEWISE_CONTACT: printable ASCII is needed, it stands in a header")
    chromium = environment.get("CHROMIUM_PATH")
    key_file = environment.get("LIKEWISE_KEY_FILE")
    return CrawlSettings(
        data=Path(environment.get("LIKEWISE_DATA") or "data"),
        contact=contact,
        profile=_choice(environment, "LIKEWISE_PROFILE", Profile.POLITE, faults),
        progress=_choice(environment, "LIKEWISE_PROGRESS", ProgressBar.AUTO, faults),
        chromium=Path(chromium) if chromium else None,
        key_file=Path(key_file) if key_file else None,
        ledger_url=environment.get("LIKEWISE_LEDGER_URL") or None,
        patience_h=_hours(environment, "LIKEWISE_PATIENCE_H", faults),
    )


def _hours(environment: Mapping[str, str], name: str, faults: list[str]) -> float | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0 <= hours <= _MOST_HOURS:
        faults.append(f"{name} is {text!r}: hours from 0 to {_MOST_HOURS:g} are needed")
        return None
    return hours


def _choice(environment: Mapping[str, str], name: str, default: _E, faults: list[str]) -> _E:
    text = environment.get(name) or default
    try:
        return type(default)(text)
    except ValueError:
        kinds = ", ".join(type(default))
        faults.append(f"{name} is {text!r}: one of {kinds} is needed")
        return default
