import os
import pty
import selectors
import signal
import subprocess
import sys

import pytest

from pipeline.__main__ import main
from tests.factories import SITE, publish_small_site

_TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    publish_small_site(data)
    return data


@pytest.fixture(autouse=True)
def _settings(data, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(data))


def test_a_command_is_answered(capsys):
    assert main(["sql", "--site", SITE, "--command", "SELECT count(*) AS n FROM items"]) == 0
    assert "40" in capsys.readouterr().out


def test_a_file_is_run(capsys, tmp_path):
    (tmp_path / "q.sql").write_text("SELECT 'one' AS x;\nSELECT 'two' AS x;\n")
    assert main(["sql", "--file", str(tmp_path / "q.sql")]) == 0
    assert "two" in capsys.readouterr().out


def test_a_failing_statement_is_exit_1(capsys):
    assert main(["sql", "--command", "COPY items TO 'x.csv'"]) == 1
    assert "Permission Error" in capsys.readouterr().err


def test_a_missing_file_is_exit_2(capsys, tmp_path):
    assert main(["sql", "--file", str(tmp_path / "none.sql")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_without_a_site_there_must_be_one(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    assert main(["sql", "--command", "SELECT 1"]) == 2
    assert "0 sites are published" in capsys.readouterr().err


def _read_until(descriptor, mark):
    seen = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while mark not in seen:
            assert selector.select(_TIMEOUT_S), f"{mark!r} did not come after {seen!r}"
            seen += os.read(descriptor, 4096)
    return seen


def test_ctrl_c_cancels_a_statement_and_the_shell_lives_on(data):
    terminal, end = pty.openpty()
    shell = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "sql", "--site", SITE],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "LIKEWISE_DATA": str(data), "TERM": "dumb"},
    )
    os.close(end)
    try:
        _read_until(terminal, b"likewise> ")
        slow = b"SELECT sum(a) FROM range(100000000000) t(a) WHERE a % 7 = 3;"
        os.write(terminal, b"SELECT 'on'||'going' AS x; " + slow + b"\n")
        _read_until(terminal, b"ongoing")
        shell.send_signal(signal.SIGINT)
        _read_until(terminal, b"likewise> ")
        os.write(terminal, b"SELECT 6 * 7 AS answer;\n")
        _read_until(terminal, b"42")
        os.write(terminal, b".quit\n")
        assert shell.wait(_TIMEOUT_S) == 0
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
    assert (data / ".sql_history").stat().st_mode & 0o777 == 0o600
    assert "SELECT 6 * 7 AS answer;" in (data / ".sql_history").read_text()
