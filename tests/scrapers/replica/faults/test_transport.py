"""Connections that break, hang and drip, seen by a client that speaks to the bare socket."""

import asyncio
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from scrapers.replica.sketchfab.asked import Kind
from tests.scrapers.replica.faults.conftest import ask, path_of

IN_BODY = ("reset-mid-body", "short-content-length", "broken-chunk")


class Wire:
    """One connection on which one page is asked for."""

    def __init__(self, url, path, timeout_s=60):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout_s)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())

    def read(self):
        """Everything until the end, and whether the end was a reset."""
        data = b""
        try:
            while piece := self.socket.recv(1 << 16):
                data += piece
        except ConnectionResetError:
            return data, True
        finally:
            self.socket.close()
        return data, False


def _struck(site, name, kind=Kind.ITEM_LIKES):
    return path_of(site(name).struck(kind)[0])


def _body(data):
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    return {name.lower(): value for name, value in fields.items()}, body


def test_a_reset_in_mid_body_leaves_half_of_it(served, site):
    path = _struck(site, "reset-mid-body")
    with served("reset-mid-body") as (url, run):
        data, was_reset = Wire(url, path).read()
        headers, body = _body(data)
        good = _until_well(url, path)
    assert was_reset
    assert len(body) == int(headers["content-length"]) // 2
    assert good.startswith(body)
    assert run.played["reset-mid-body"] in (1, 2)


def _until_well(url, path):
    """Body of the page once it is well; the third time at last."""
    for _ in range(3):
        try:
            return ask(url + path).raise_for_status().content
        except httpx.TransportError:
            pass
    pytest.fail("it was never well")


def test_a_short_body_ends_before_its_announced_length(served, site):
    path = _struck(site, "short-content-length")
    with served("short-content-length") as (url, _):
        data, was_reset = Wire(url, path).read()
        headers, body = _body(data)
        assert body == _until_well(url, path)
    assert not was_reset
    assert int(headers["content-length"]) == len(body) + 100


def test_a_broken_chunk_follows_half_of_the_body(served, site):
    path = _struck(site, "broken-chunk")
    with served("broken-chunk") as (url, _):
        data, _ = Wire(url, path).read()
        headers, body = _body(data)
        good = _until_well(url, path)
    size, _, rest = body.partition(b"\r\n")
    assert headers["transfer-encoding"] == "chunked"
    assert rest[: int(size, 16)] == good[: len(good) // 2]
    assert rest.endswith(b"\r\nno size\r\n")


@pytest.mark.parametrize("name", IN_BODY)
def test_a_page_that_is_not_struck_comes_whole(served, site, name):
    stand_in = site(name)
    struck = stand_in.struck(Kind.MODEL)
    spared = next(asked for asked in stand_in.pages(Kind.MODEL) if asked not in struck)
    good = site().get(path_of(spared)).json()["uid"]
    with served(name) as (url, run):
        assert ask(url + path_of(spared)).json()["uid"] == good
    assert run.played[name] == 0


def test_pages_for_browsers_are_broken_too(served, site):
    path = _struck(site, "reset-mid-body", Kind.GRID_PAGE)
    with served("reset-mid-body") as (url, _):
        assert Wire(url, path).read()[1]
        assert b"infinite-grid" in _until_well(url, path)


def test_a_refusing_site_is_down_as_a_whole_and_comes_back(served, site):
    struck = _struck(site, "refused")
    opens = threading.Event()
    with served("refused") as (url, run):
        _wait_until(lambda: _answers(url))
        run.door.pause = lambda _: asyncio.to_thread(opens.wait, 60)
        parts = urlsplit(url)
        idle = socket.create_connection((parts.hostname, parts.port), timeout=60)
        assert Wire(url, struck).read() == (b"", True)
        with pytest.raises(ConnectionRefusedError):
            Wire(url, "/robots.txt")
        assert idle.recv(1) == b""  # those that were open are gone as well
        idle.close()
        opens.set()
        _wait_until(lambda: _answers(url))
        assert ask(f"{url}/_truth/faults").json() == {"refused": 1}
        assert _until_well(url, struck)
        assert run.played["refused"] in (1, 2)


def _wait_until(condition):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 60
        time.sleep(0.02)


def _answers(url):
    try:
        return ask(f"{url}/robots.txt").status_code == 200
    except httpx.TransportError:
        return False


def test_a_site_without_faults_refuses_nobody(served):
    with served("bom") as (url, _):
        assert all(_answers(url) for _ in range(20))


@pytest.mark.parametrize(
    ("name", "begins"),
    [("hang-before-headers", b""), ("hang-after-headers", b"HTTP/1.1 200 OK\r\n")],
)
def test_a_hanging_page_says_no_more_until_the_client_leaves(served, site, name, begins):
    path = _struck(site, name)
    with served(name) as (url, run):
        wire = Wire(url, path)
        data = b"" if not begins else wire.socket.recv(1 << 16)
        _wait_until(lambda: run.played[name] == 1)
        wire.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1 << 16)
        wire.socket.close()
        assert data.startswith(begins)
        assert data.endswith(b"\r\n\r\n" if begins else b"")
        assert ask(url + path).status_code == 200
        assert run.played[name] == 1


def test_a_dripping_page_comes_a_byte_a_second(served, site):
    path = _struck(site, "one-byte-a-second")
    with served("one-byte-a-second") as (url, _):
        began, body = time.monotonic(), b""
        wire = Wire(url, path)
        data = b""
        while len(body) < 2:
            data += wire.socket.recv(1 << 16)
            body = data.partition(b"\r\n\r\n")[2]
        lasted_s = time.monotonic() - began
        wire.socket.close()
        good = ask(url + path)
        assert lasted_s > 0.9 * (len(body) - 1)  # a client that stands still gets some together
        assert good.content.startswith(body)
        assert good.json()["results"]


@pytest.mark.parametrize("seed", range(3))
def test_nobody_vouches_for_the_certificate(served, seed):
    with served("bad-tls", seed) as (url, run):
        assert url.startswith("https://127.0.0.1:")
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            ask(f"{url}/robots.txt")
        assert run.played["bad-tls"] == 1
        unsure = ssl.create_default_context()
        unsure.check_hostname, unsure.verify_mode = False, ssl.CERT_NONE
        page = ask(f"{url}/i/likes?model=m00", verify=unsure).json()
        assert page["next"].startswith(url)
