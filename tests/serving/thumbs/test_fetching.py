"""A host of pictures gets one request, and no more bytes or time than a picture may take."""

import gzip
import socket
import threading
from dataclasses import replace

import pytest

from serving.errors import PictureRefusedError
from serving.thumbs import fetching
from serving.thumbs.fetching import fetched
from serving.thumbs.targets import Target
from tests.serving.conftest import LONG_S
from tests.serving.thumbs.conftest import picture, replying

AGENT = "likewise/1 (+operator@example.org)"


def target_at(host, path="/a"):
    return Target("http", "127.0.0.1", host.port, "127.0.0.1", path)


def why(host, reply, longest_s=LONG_S):
    host.replies["/a"] = reply
    with pytest.raises(PictureRefusedError) as told:
        fetched(target_at(host), AGENT, longest_s)
    assert host.asked["/a"] == 1
    return str(told.value)


def test_a_picture_comes_as_it_is(host):
    host.replies["/a"] = replying(picture())
    assert fetched(target_at(host), AGENT, LONG_S) == picture()
    head = host.heads[0]
    assert head["User-Agent"] == AGENT
    assert head["Accept-Encoding"] == "identity"
    assert not {"Referer", "Cookie", "Authorization"} & set(head)


def test_nobody_is_asked_again_what_the_name_means(host, monkeypatch):
    host.replies["/a"] = replying(picture())
    looked_up = []
    known = socket.getaddrinfo

    def look_up(name, *more, **others):
        looked_up.append(name)
        return known(name, *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    named = replace(target_at(host), host="pictures.example")
    assert fetched(named, AGENT, LONG_S) == picture()
    assert set(looked_up) == {"127.0.0.1"}
    assert host.heads[0]["Host"] == f"pictures.example:{host.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(host, status):
    host.replies["/b"] = replying(picture())
    assert str(status) in why(host, replying(b"", status, location="/b"))
    assert host.asked["/b"] == 0


@pytest.mark.parametrize("status", [204, 206, 304, 404, 410, 500, 503])
def test_another_status_is_refused(host, status):
    assert str(status) in why(host, replying(b"", status))


def test_what_is_announced_too_large_is_not_read(host):
    reply = replying(b"", content_length=str(fetching.MOST_BYTES + 1))
    assert "too large" in why(host, reply)


def test_what_turns_out_too_large_is_cut(host):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(2**16))

    assert "too large" in why(host, endless)


def test_a_packed_body_is_refused(host):
    packed = gzip.compress(bytes(2**20))
    assert "packs it" in why(host, replying(packed, content_encoding="gzip"))


def test_a_body_that_breaks_off_is_refused(host):
    told = why(host, replying(picture()[:-9], content_length=str(len(picture()))))
    assert "broke off" in told or "IncompleteRead" in told


@pytest.fixture
def asked(monkeypatch):
    """Event for a host to set: the time of a picture runs from then on, not from before."""
    event = threading.Event()

    class OnceAsked(threading.Timer):
        def run(self):
            event.wait(LONG_S)
            super().run()

    monkeypatch.setattr(fetching.threading, "Timer", OnceAsked)
    return event


def test_a_host_that_drips_is_left(host, asked):
    gone = threading.Event()

    def drip(handler):
        asked.set()
        handler.send_response(200)
        handler.end_headers()
        while not gone.wait(0.02):
            handler.wfile.write(b"x")

    assert "TimeoutError" in why(host, drip, longest_s=0.3)
    gone.set()


def test_a_host_that_says_nothing_is_left(host, asked):
    gone = threading.Event()

    def say_nothing(_):
        asked.set()
        gone.wait(LONG_S)

    assert "TimeoutError" in why(host, say_nothing, longest_s=0.2)
    gone.set()


def test_a_host_that_is_reached_too_late_is_asked_for_nothing(host, monkeypatch):
    timers, connect = [], socket.create_connection

    class AtOnce(threading.Timer):
        def __init__(self, _, cut):
            super().__init__(0, cut)
            timers.append(self)

    def slowly(*given):
        timers[0].join(LONG_S)
        return connect(*given)

    monkeypatch.setattr(fetching.threading, "Timer", AtOnce)
    monkeypatch.setattr(fetching.socket, "create_connection", slowly)
    with pytest.raises(PictureRefusedError, match="TimeoutError"):
        fetched(target_at(host), AGENT, LONG_S)
    assert not host.asked


def test_what_is_no_http_is_refused(host):
    assert "none" in why(host, lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n"))


def test_a_host_that_is_not_there_is_refused(host):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = replace(target_at(host), port=unused.getsockname()[1])
        with pytest.raises(PictureRefusedError, match="none"):
            fetched(away, AGENT, LONG_S)


def test_a_certificate_that_nobody_vouches_for_is_refused(host):
    host.replies["/a"] = replying(picture())
    with pytest.raises(PictureRefusedError, match="SSL"):
        fetched(replace(target_at(host), scheme="https"), AGENT, LONG_S)
    assert not host.asked
