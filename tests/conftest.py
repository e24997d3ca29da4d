"""What tests of all rooms share."""

import pytest

from tests.postgres import server_or_skip


@pytest.fixture(scope="session")
def postgres_url():
    """Url of an empty database on a real PostgreSQL server that runs for the tests alone."""
    with server_or_skip() as url:
        yield url
