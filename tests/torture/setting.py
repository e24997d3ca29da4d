"""What every torture starts from: small worlds, and a catalogue that was read in peace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.torture.crawling import Crawler
from tests.torture.lines import CATALOGUE
from tests.torture.stand_in import StandIn
from tests.torture.worlds import World, write_world

__all__ = ["Setting", "kills_world", "make_setting", "paced_world"]


@dataclass(frozen=True)
class Setting:
    """A world, a data folder with its catalogue, and room for more."""

    folder: Path
    world: World
    template: Path

    def room(self, name: str) -> Path:
        """A folder of one's own, which is not there yet."""
        return self.folder / name


def make_setting(folder: Path) -> Setting:
    """World of 40 items and 240 people, with its catalogue."""
    world = write_world(folder / "world")
    template = folder / "template"
    with StandIn(world.folder) as site:
        ended = Crawler(template).run(site.url, **CATALOGUE.asked)
    if ended.code:
        raise RuntimeError(f"no catalogue can be read in peace:\n{ended.log}")
    return Setting(folder, world, template)


def kills_world(folder: Path) -> World:
    """World whose catalogue has several pages."""
    return write_world(folder, n_items=80, n_users=160, longest=70)


def paced_world(folder: Path) -> World:
    """World that is read in a few dozen requests."""
    return write_world(folder, n_items=24, n_users=60, longest=30)
