"""The process, as an operator meets it."""

import json
import signal
import urllib.request

import pytest

from serving.__main__ import main
from serving.listening import free_socket
from tests.factories import SITE
from tests.services import start_service as start
from tests.serving.conftest import LONG_S

GRACE_S = 600
"""Far more than a stop takes that waits for nothing."""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_says_where_it_is_answers_and_stops(data, stop):
    taken, port = free_socket("127.0.0.1", 0)
    own = {"host": "127.0.0.1", "user_routes": True, "grace_s": GRACE_S}
    with taken, start(data=data, port=port, **own) as process:
        url = process.stdout.readline().split()[-1]
        links = [process.stdout.readline().strip() for _ in range(3)]
        assert process.stdout.readline() == "Ctrl-C stops it.\n"
        assert int(url.rsplit(":", 1)[1]) > port
        for link in links:
            assert link.startswith(f"{url}/v1/{SITE}/")
            with urllib.request.urlopen(link, timeout=LONG_S) as answer:
                assert answer.status == 200
                assert "server" not in answer.headers
        process.send_signal(stop)
        _, log = process.communicate(timeout=LONG_S)
        assert process.returncode == 0
    said, *lines = log.splitlines()
    assert said.startswith(f"port {port} is taken")
    events = [json.loads(line)["event"] for line in lines]
    assert events == ["snapshot loaded", *["request"] * 3]
    assert "item-0" not in log


def test_a_wrong_setting_ends_it_with_2():
    with start(port="many", poll_s=-1) as process:
        _, error = process.communicate(timeout=LONG_S)
    assert process.returncode == 2
    assert "port" in error
    assert "poll_s" in error
    assert "Traceback" not in error


def test_no_site_is_said_and_served(tmp_path):
    with start(data=tmp_path, port=0) as process:
        url = process.stdout.readline().split()[-1]
        assert "no site yet" in process.stdout.readline()
        with urllib.request.urlopen(f"{url}/health/live", timeout=LONG_S) as answer:
            assert answer.status == 200
        process.terminate()
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "status"), [(["--help"], 0), (["-h"], 0), (["serve"], 2), (["openapi", "x"], 2)]
)
def test_other_words_are_answered_with_those_that_there_are(words, status, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["serving", *words])
    assert main() == status
    assert "python -m serving token" in capsys.readouterr().err
