"""The stand-in of a site on loopback, and what a crawl of it needs in its environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.processes import Children

__all__ = ["StandIn", "start_stand_in"]

_SITE: Final = "sketchfab"
_PORT: Final = 8900
"""Asked for first, so that picture links of one run hold in the next; it says which it took."""
_DEFAULT_FLOOR: Final = 0
_WORLD_FLOOR: Final = 1


@dataclass(frozen=True, slots=True)
class StandIn:
    """Which world a stand-in shows; ``world`` None is the one that ships with the product."""

    world: Path | None = None
    like_floor: int | None = None

    @property
    def name(self) -> str:
        """Name of the world."""
        return "openclipart" if self.world is None else self.world.resolve().name

    @property
    def notice(self) -> str:
        """What a reader must know of its likes."""
        if self.world is None:
            return "These likes are simulated."
        return f"Likes come from a stand-in site that shows the world {self.name!r}."

    @property
    def floor(self) -> int:
        """Likes below which its catalogue ends; none for the shipped world: it has cold items."""
        if self.like_floor is not None:
            return self.like_floor
        return _DEFAULT_FLOOR if self.world is None else _WORLD_FLOOR

    def environment(self, url: str) -> Mapping[str, str]:
        """Settings that make the pipeline crawl it, at full speed: it is on this machine."""
        prefix = f"LIKEWISE_{_SITE.upper()}_"
        return {
            f"{prefix}URL": url,
            f"{prefix}NOTICE": self.notice,
            f"{prefix}LIKE_FLOOR": str(self.floor),
            "LIKEWISE_PROFILE": "fast",
        }


def start_stand_in(children: Children, stand_in: StandIn, logs: Path) -> Mapping[str, str]:
    """Start the stand-in; returns its `StandIn.environment`.

    Raises
    ------
    ProcessError : it does not start; its log says why.
    """
    world = [] if stand_in.world is None else ["--world", str(stand_in.world.resolve())]
    options = ["--port", str(_PORT), "--exit-with-parent", *world]
    command = [sys.executable, "-m", "scrapers.replica", _SITE, *options]
    child = children.start("the stand-in site", command, {}, logs / "stand-in.log", piped=True)
    return stand_in.environment(child.next_line())
