"""What an operator sets for all crawls, from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

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


_E = TypeVar("_E", bound=StrEnum)


def read_settings(environment: Mapping[str, str], faults: list[str]) -> CrawlSettings:
    """Settings with defaults filled in, an empty variable being none; faults are collected."""
    contact = environment.get("LIKEWISE_CONTACT", "").strip() or None
    if contact is not None and not (contact.isascii() and contact.isprintable()):
        faults.append("LIKEWISE_CONTACT: printable ASCII is needed, it stands in a header")
    chromium = environment.get("CHROMIUM_PATH")
    return CrawlSettings(
        data=Path(environment.get("LIKEWISE_DATA") or "data"),
        contact=contact,
        profile=_choice(environment, "LIKEWISE_PROFILE", Profile.POLITE, faults),
        progress=_choice(environment, "LIKEWISE_PROGRESS", ProgressBar.AUTO, faults),
        chromium=Path(chromium) if chromium else None,
    )


def _choice(environment: Mapping[str, str], name: str, default: _E, faults: list[str]) -> _E:
    text = environment.get(name) or default
    try:
        return type(default)(text)
    except ValueError:
        kinds = ", ".join(type(default))
        faults.append(f"{name} is {text!r}: one of {kinds} is needed")
        return default
