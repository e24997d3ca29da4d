"""What the tests of this folder share: a world with its catalogue, and crawls left in peace."""

import pytest

from tests.torture.kills import undisturbed
from tests.torture.lines import BROWSER, LINES
from tests.torture.setting import kills_world, make_setting
from tests.torture.stand_in import StandIn


@pytest.fixture(scope="session")
def setting(tmp_path_factory):
    return make_setting(tmp_path_factory.mktemp("torture"))


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    world = kills_world(folder / "world")
    with StandIn(world.folder) as site:
        yield undisturbed(site.url, folder / "undisturbed", world, LINES)


@pytest.fixture(scope="module")
def browsed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browsed")
    world = kills_world(folder / "world")
    with StandIn(world.folder) as site:
        yield undisturbed(site.url, folder / "undisturbed", world, (BROWSER,))
