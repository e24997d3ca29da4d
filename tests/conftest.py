"""What tests of all rooms share."""

import signal
import uuid

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from scrapers.ledger import ledger_url
from tests.ledgers import Ledgers
from tests.postgres import server_or_skip

TOGETHER = "tests/end_to_end/website/"
"""Tests of this folder share what is dear to make, so that one worker runs them all."""

hypothesis.settings.register_profile(
    "likewise",
    deadline=None,  # a machine that stands still for a second makes no test wrong
    derandomize=True,  # the same examples on every run; --hypothesis-profile=default draws anew
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("likewise")


class Scheduling(LoadFileScheduling):
    """A file is run by one worker, and so is the folder `TOGETHER`."""

    def _split_scope(self, nodeid):
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)


def pytest_configure():
    """Heed signals as a terminal's programs do: what starts tests may have told it to ignore some.

    A child inherits what is ignored, and then Ctrl-C would not stop what a test starts.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def postgres_url():
    """Url of an empty database on a real PostgreSQL server that runs for the tests alone."""
    with server_or_skip() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledgers(request, tmp_path):
    """Opens ledgers of a site that no other test has, on SQLite and on PostgreSQL."""
    site = f"site-{uuid.uuid4().hex[:8]}"
    if request.param == "sqlite":
        url = ledger_url(tmp_path, site)
    else:
        url = request.getfixturevalue("postgres_url")
    opener = Ledgers(url, site)
    yield opener
    opener.close()
