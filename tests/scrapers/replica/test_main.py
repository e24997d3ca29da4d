"""The command prints its url, serves, logs, and ends when it is told or orphaned."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest

from scrapers.replica.errors import AddressError
from scrapers.replica.server import listen, url_of

START = [sys.executable, "-m", "scrapers.replica", "sketchfab"]
ORPHANER = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
"""


@contextlib.contextmanager
def _serving(*arguments):
    command = [*START, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop_and_leaves_a_whole_log(write_world, tmp_path, number):
    log = tmp_path / "log.jsonl"
    with _serving("--world", write_world(), "--log", log) as (server, url):
        with urllib.request.urlopen(f"{url}/i/likes?model=top") as answer:
            page = json.load(answer)
        assert page["next"].startswith(f"{url}/i/likes?")
        server.send_signal(number)
        assert server.wait(timeout=45) == 0
        assert server.stdout.read() == ""
    assert [json.loads(line)["path"] for line in log.read_text().splitlines()] == [
        "/i/likes?model=top"
    ]


def _orphaned(*arguments):
    """Parent process (its stderr ends when the orphan does), the orphan's pid and url."""
    command = [sys.executable, "-c", ORPHANER, *START, *map(str, arguments)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid, url = parent.stdout.readline().split()
    return parent, int(pid), url


def test_an_orphan_stops_when_it_was_asked_to(write_world):
    parent, _, _ = _orphaned("--world", write_world(), "--exit-with-parent")
    with parent:
        assert parent.communicate(timeout=60)[1] == ""


def test_an_orphan_that_was_not_asked_to_goes_on(write_world):
    parent, pid, url = _orphaned("--world", write_world())
    with parent:
        assert parent.wait(timeout=60) == 0
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                parent.communicate(timeout=1.5)
            with urllib.request.urlopen(f"{url}/robots.txt") as answer:
                assert answer.status == 200
        finally:
            os.kill(pid, signal.SIGTERM)


def test_a_wrong_world_ends_with_2_and_one_message(tmp_path):
    done = subprocess.run(
        [*START, "--world", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "likes.parquet is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::", ""])
def test_hosts_beyond_this_machine_are_refused(host):
    with pytest.raises(AddressError, match="not a loopback address"):
        listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_hosts_get_a_free_port(host):
    with listen(host, 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"


def test_the_port_after_a_taken_one_is_had_and_said(capsys):
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            had = second.getsockname()[1]
        assert port < had <= port + 20
        assert capsys.readouterr().err == f"port {port} is taken: {had} is used instead\n"


def test_a_free_port_is_had_without_a_word(capsys):
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    with listen("127.0.0.1", port) as listener:
        assert listener.getsockname()[1] == port
    assert capsys.readouterr().err == ""


def test_taken_ports_are_named_with_a_remedy_when_all_that_are_tried_are(monkeypatch):
    monkeypatch.setattr("scrapers.replica.server._PORTS_TRIED", 1)
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressError, match=f"127.0.0.1:{port}.*choose another port"):
            listen("127.0.0.1", port)


def test_a_port_out_of_range_is_refused():
    with pytest.raises(AddressError, match="70000"):
        listen("127.0.0.1", 70_000)


def test_it_ends_in_mid_fault_when_it_is_told(tiny_world):
    options = ["--world", tiny_world, "--fault", "hang-after-headers", "--seed", "1"]
    with _serving(*options) as (server, url):
        truth = json.load(urllib.request.urlopen(f"{url}/_truth/likes"))
        items = {item for _, item in truth["must_have"]}
        paths = [f"/i/likes?model={quote(item, safe='')}" for item in sorted(items)]
        hanging = [urllib.request.urlopen(url + path, timeout=50) for path in paths]
        played = json.load(urllib.request.urlopen(f"{url}/_truth/faults"))
        assert played["hang-after-headers"] >= 1
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=45) == 0
        for answer in hanging:
            answer.close()


def test_bad_tls_is_served_by_https_and_leaves_nothing_behind(tiny_world, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with _serving("--world", tiny_world, "--fault", "bad-tls") as (server, url):
        assert url.startswith("https://127.0.0.1:")
        with pytest.raises(urllib.error.URLError, match=r"(?i)certificate"):
            urllib.request.urlopen(f"{url}/robots.txt")
        assert list(tmp_path.iterdir()) == []
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=45) == 0


def test_days_pass_where_they_may(tiny_world):
    with _serving("--world", tiny_world, "--mutable") as (_, url):
        asked = urllib.request.Request(f"{url}/_world/advance?churn=0.1", method="POST")
        assert json.load(urllib.request.urlopen(asked))["likes_added"] > 0
