"""Several workers on one socket, as an operator and an accident meet them."""

import http.client
import json
import os
import signal
import socket
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.workers import Worker, ending_signals
from tests.factories import SITE
from tests.services import start_service
from tests.serving.conftest import LONG_S

N_WORKERS = 2
BODY = json.dumps({"items": [{"item_id": "item-003"}]}).encode()


def until(holds, seconds=LONG_S):
    limit_s = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < limit_s, "it did not come to pass"
    return found


def children(pid):
    """Workers of a process that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(stat.parent.name))
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def service(data, **settings):
    """Process, port and workers of a service; it is ended with the block."""
    with start_service(data=data, port=0, workers=N_WORKERS, **settings) as process:
        try:
            url = process.stdout.readline().split()[-1]
            workers = until(lambda: len(found := children(process.pid)) == N_WORKERS and found)
            yield process, int(url.rsplit(":", 1)[1]), workers
        finally:
            process.kill()
            process.communicate(timeout=LONG_S)


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_worker_reads_what_it_is_told():
    for url in ("", "http://127.0.0.1:1"):
        worker = Worker(3, 4, "/counts", 1, url)
        assert Worker.is_meant(worker.arguments)
        assert Worker.of(worker.arguments) == worker


@pytest.mark.parametrize("arguments", [[], ["--help"], ["serve"], list("abcde"), ["1", "2"]])
def test_what_a_person_types_makes_no_worker(arguments):
    assert not Worker.is_meant(arguments)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_all_stop_together_and_cleanly(data, stop):
    with service(data) as (process, port, workers):
        assert get(port, f"/v1/{SITE}")[0] == 200
        process.send_signal(stop)
        _, log = process.communicate(timeout=LONG_S)
        assert process.returncode == 0
        assert not any(is_running(pid) for pid in workers)
    assert "Traceback" not in log
    assert "worker died" not in log


def test_a_worker_that_dies_is_replaced_and_said(data):
    with service(data) as (process, port, workers):
        os.kill(victim := min(workers), signal.SIGKILL)
        until(lambda: len(children(process.pid) - {victim}) == N_WORKERS)
        assert get(port, "/health/live")[0] == 200
        process.terminate()
        _, log = process.communicate(timeout=LONG_S)
    died = [json.loads(line) for line in log.splitlines() if "worker died" in line]
    assert [(line["level"], line["returncode"]) for line in died] == [("error", -9)]


def test_none_outlives_a_parent_that_was_killed(data):
    with service(data) as (process, port, workers):
        assert get(port, "/health/live")[0] == 200
        process.kill()
        until(lambda: not any(is_running(pid) for pid in workers))


def test_any_worker_counts_for_all(data):
    line = 'likewise_request_duration_seconds_count{route="/v1/{site}",status="2xx"} 20.0'
    with service(data) as (_, port, _):
        for _ in range(20):
            assert get(port, f"/v1/{SITE}")[0] == 200
        # A request is counted once its answer is on its way.
        until(lambda: all(line in get(port, "/metrics")[1].decode() for _ in range(10)))


def test_all_come_to_serve_a_new_snapshot(data, built, put):
    def served(port):
        answers = [get(port, f"/v1/{SITE}")[1] for _ in range(16)]
        return {json.loads(answer)["snapshot_id"] for answer in answers}

    with service(data, log_requests=False) as (_, port, _):  # nobody reads so long a log
        assert served(port) == {built[0].snapshot_id}
        put(data, built[1])
        until(lambda: served(port) == {built[1].snapshot_id})


def begun_post(port):
    """A request whose body is half there, once a worker has said that it wants the rest."""
    talking = socket.create_connection(("127.0.0.1", port), timeout=LONG_S)
    talking.sendall(
        b"POST /v1/%s/recommendations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (SITE.encode(), len(BODY))
    )
    assert talking.recv(100).startswith(b"HTTP/1.1 100")
    talking.sendall(BODY[:5])
    return talking


def test_a_request_under_way_is_finished(data):
    with service(data, grace_s=600) as (process, port, _):
        talking = begun_post(port)
        process.terminate()
        until(lambda: refuses(port))
        talking.sendall(BODY[5:])
        with talking, talking.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            answer.read()
        process.communicate(timeout=LONG_S)
        assert process.returncode == 0


def test_a_request_that_outlasts_the_grace_is_not_waited_for(data):
    with service(data, grace_s=0) as (process, port, _):
        with begun_post(port):
            process.terminate()
            process.communicate(timeout=LONG_S)
        assert process.returncode == 0


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def test_what_is_ignored_does_not_end_it():
    assert ending_signals() == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        assert ending_signals() == {signal.SIGINT, signal.SIGTERM}
    finally:
        signal.signal(signal.SIGHUP, handler)
