"""The shared ledger is tested on a real server: without one tests skip, and on CI they fail."""

import pytest
from sqlalchemy import create_engine, text

from tests import postgres


def test_the_server_is_one_of_our_own(postgres_url):
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW listen_addresses")) == ""
        assert "likewise-pg-" in connection.scalar(text("SHOW data_directory"))
    engine.dispose()


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.setattr(postgres, "programs", lambda: None)


def test_where_there_is_no_server_a_test_is_skipped(nowhere, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install postgresql"):
        postgres.server_or_skip().__enter__()


def test_on_ci_it_fails_instead(nowhere, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgresql"):
        postgres.server_or_skip().__enter__()


def test_a_server_that_does_not_start_is_told(monkeypatch, tmp_path):
    for name in ("initdb", "postgres"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho no space >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setattr(postgres, "programs", lambda: tmp_path)
    monkeypatch.setattr(postgres, "other_user", lambda: None)
    with pytest.raises(RuntimeError, match="no space"):
        postgres.server().__enter__()
