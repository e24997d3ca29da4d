"""Connections that misbehave, by raw sockets; stock Scrapy is asked the same where it fails."""

import gzip
import os
import socket
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.scrapers.wire import probe, reply, wired

HEAD = b"HTTP/1.1 200 OK\r\n"
MEGABYTE = b"a" * 1_000_000
TIMEOUT_S = 10  # enough for a slow machine to take in a bomb, or to stand still
LEFT_OVER_MB = 40  # above an idle crawl's peak: the cap, and copies of it
TRUNCATED = reply(gzip.compress(os.urandom(5_000))[:-900], Content_Encoding="gzip")


def bomb(size_bytes):
    """A gzip body, a thousandth of what it holds."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(bytes(len(MEGABYTE))) for _ in range(size_bytes // len(MEGABYTE))]
    return b"".join(parts) + packer.flush()


def sends(*parts, waits=None, resets=False, repeats=1):
    """What a server does with a connection: send, then wait or reset or hang up."""

    def act(connection):
        for _ in range(repeats):
            for part in parts:
                connection.sendall(part)
        if waits:
            waits(300)
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def drips(wait):
    """A body of one byte every tenth of a second, under any limit on silence."""

    def act(connection):
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        while not wait(0.1):
            connection.sendall(b"a")

    return act


def faults(wait):
    """Faults by path."""
    length = b"Content-Length: 1000\r\n\r\n"
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        "/hangs-up": sends(),
        "/reset": sends(HEAD + length + b"abc", resets=True),
        "/short": sends(HEAD + length + b"abc"),
        "/broken-chunk": sends(chunked + b"5\r\nabcde\r\nZZ\r\n"),
        "/cut-chunk": sends(chunked + b"5\r\nabcde\r\n"),
        "/hangs-before": sends(waits=wait),
        "/hangs-after": sends(HEAD + length, waits=wait),
        "/drips": drips(wait),
        "/garbage": sends(b"\x00\x01 garbage\r\n\r\n"),
        "/bad-status": sends(b"HTTP/1.1 abc X\r\n\r\n"),
        "/huge": sends(HEAD + b"Content-Length: 500000000\r\n\r\n", *[MEGABYTE] * 500),
        "/huge-chunks": sends(chunked, *[b"F4240\r\n" + MEGABYTE + b"\r\n"] * 500),
        "/endless-headers": sends(*[HEAD, *[b"X: " + b"a" * 1000 + b"\r\n"] * 200_000]),
        "/endless-line": sends(HEAD + b"X: ", *[MEGABYTE] * 500),
        "/endless-continue": sends(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, repeats=10_000),
        "/bomb": sends(reply(bomb(200_000_000), Content_Encoding="gzip")),
        "/double": sends(reply(gzip.compress(gzip.compress(b"x")), Content_Encoding="gzip, gzip")),
        "/other": sends(reply(b"x", Content_Encoding="br")),
        "/cut-gzip": sends(TRUNCATED),
    }


FAULTS = sorted(faults(None))


@pytest.fixture(scope="module")
def transient():
    """What came of one crawl in which each path fails once, then answers well."""

    def answer(path, nth):
        return bad.get(path) if nth == 1 else None

    with wired(answer) as wire:
        bad = faults(wire.closing.wait)
        found = probe(
            [wire.url + path for path in FAULTS], settings={"DOWNLOAD_TIMEOUT": TIMEOUT_S}
        )
        return {**found, "url": wire.url, "paths": wire.paths()}


@pytest.mark.parametrize("path", FAULTS)
def test_fault_that_passes_costs_no_page(transient, path):
    url = transient["url"] + path
    assert transient["ends"][url] == [f"200 2 {url}"]
    assert transient["paths"].count(path) >= 2


def test_faults_cost_about_one_more_request_each(transient):
    """A slow machine lets a few time out, and pages that were well are asked now and then."""
    assert len(FAULTS) <= transient["stats"]["retry/count"] <= len(FAULTS) + 6
    assert len(transient["paths"]) <= 3 * len(FAULTS)


def test_faults_cost_little_memory(transient):
    assert transient["peak_mb"] < idle_mb() + LEFT_OVER_MB


def idle_mb():
    with wired(lambda path, nth: None) as wire:
        return probe([wire.url + "/ok"])["peak_mb"]


@pytest.mark.parametrize("path", ["/huge", "/endless-headers", "/bomb"])
def test_stock_scrapy_takes_in_what_has_no_end(path):
    with wired(lambda asked, nth: bad.get(asked)) as wire:
        bad = faults(wire.closing.wait)
        settings = {"DOWNLOAD_TIMEOUT": 60, "RETRY_TIMES": 0, "ROBOTSTXT_OBEY": False}
        found = probe([wire.url + path], stock=True, settings=settings)
    assert found["peak_mb"] > idle_mb() + LEFT_OVER_MB


def test_stock_scrapy_keeps_half_of_a_body():
    with wired(lambda path, nth: TRUNCATED) as wire:
        found = probe([wire.url + "/cut-gzip"], stock=True)
    (end,) = next(iter(found["ends"].values()))
    assert end.startswith("200")


def test_nothing_is_sent_twice_on_a_kept_connection_that_dies():
    """Twisted would send it again by itself, at once."""

    def answer(path, nth):
        return sends() if path == "/dies" else None

    with wired(answer) as wire:
        urls = [wire.url + path for path in ("/ok", "/dies")]
        probe(urls, settings={"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "PATIENCE_S": 0.0})
        assert wire.paths().count("/dies") == 1
    with wired(answer) as wire:
        urls = [wire.url + path for path in ("/ok", "/dies")]
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "RETRY_TIMES": 0, "ROBOTSTXT_OBEY": False}
        probe(urls, stock=True, settings=settings)
        assert wire.paths().count("/dies") == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """File of a key and a certificate for 127.0.0.1 that nobody else signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, plain)
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("is_stock", [False, True], ids=["ours", "stock"])
def test_certificates_are_verified(certificate, is_stock):
    with wired(lambda path, nth: None, certificate) as wire:
        settings = {"PATIENCE_S": 0.2, "RETRY_TIMES": 1}
        found = probe([wire.url + "/a"], stock=is_stock, settings=settings)
        (end,) = found["ends"][wire.url + "/a"]
        assert end.startswith("200") is is_stock
        assert ("/a" in wire.paths()) is is_stock
