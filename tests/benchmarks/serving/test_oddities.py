"""Bytes that are hardly HTTP: a sample of those that `make bench-serving` sends."""

import socket
import threading
from contextlib import contextmanager

import pytest

from tests.benchmarks.serving.oddities import SHAPES, Outcome, measure, oddities, send_all


@contextmanager
def planted(answer):
    """A server that gives everything this answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def work():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_process_lives_through_them():
    told = measure(3 * len(SHAPES))
    assert told["lived"]
    assert told["faults"] == []
    assert told["crashes"] == []
    assert {"200", "400"} <= set(told["statuses"])


def test_the_same_seed_sends_the_same_of_every_shape():
    first, again = (list(oddities(50, seed=3)) for _ in range(2))
    assert first == again
    assert {name for name, _ in first} == {shape.__name__ for shape in SHAPES}


@pytest.mark.parametrize("status", [500, 502])
def test_a_planted_crash_would_be_found(status):
    with planted(b"HTTP/1.1 %d Oops\r\nContent-Length: 0\r\n\r\n" % status) as address:
        outcome = send_all(address, 3)
    assert any(f": {status} to " in fault for fault in outcome.faults)
    assert outcome.faults[-1].startswith("a good request afterwards")


def test_a_process_that_died_would_be_found():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    outcome = send_all(address, 3)
    assert outcome.unanswered == 3
    assert outcome.faults == ["a good request afterwards: b''"]


@pytest.mark.parametrize(("status", "faults"), [(503, 0), (505, 0), (400, 0), (401, 1), (200, 1)])
def test_a_request_that_got_out_of_a_body_would_be_found(status, faults):
    outcome = Outcome()
    outcome.take_in("smuggled", b"x", b"HTTP/1.1 400 No\r\n\r\nHTTP/1.1 %d It\r\n\r\n" % status)
    assert len(outcome.faults) == faults
