"""What tests of all rooms share."""

import uuid

import pytest

from scrapers.ledger import ledger_url
from tests.ledgers import Ledgers
from tests.postgres import server_or_skip


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
