import socket

import pytest

from serving.errors import PortsTakenError
from serving.listening import free_socket

HOST = "127.0.0.1"


def test_a_taken_port_gives_a_later_one():
    taken, port = free_socket(HOST, 0)
    with taken:
        listener, chosen = free_socket(HOST, port)
        with listener:
            assert chosen > port
            socket.create_connection((HOST, chosen), timeout=60).close()


def test_a_free_port_is_taken_as_asked():
    listener, port = free_socket(HOST, 0)
    listener.close()
    again, chosen = free_socket(HOST, port)
    with again:
        assert chosen == port


def test_a_foreign_address_is_named():
    with pytest.raises(PortsTakenError, match=r"cannot listen on 192\.0\.2\.1"):
        free_socket("192.0.2.1", 8000)


def test_ports_run_out(monkeypatch):
    taken, port = free_socket(HOST, 0)
    monkeypatch.setattr("serving.listening._TRIES", 1)
    with taken, pytest.raises(PortsTakenError, match=f"{port} .* are taken: set LIKEWISE_PORT"):
        free_socket(HOST, port)
