"""A server of raw sockets that misbehaves as a test says, and a process that asks it."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("probe.py")
SENT = re.compile(rb"\r\nX-Sent: ([0-9.]+)\r\n", re.IGNORECASE)
NO_RULES = b"User-agent: *\nDisallow:\n"


@dataclass
class Exchange:
    """A request as the server saw it; instants are of the monotonic clock.

    ``begun`` is when the client says that it left, where it says so, see `probe.py`: on a busy
    machine the server sees it any time later.
    """

    path: str
    begun: float
    ended: float = field(default=float("inf"))


def reply(body=b"", status=200, **headers):
    """Bytes of an answer; names of headers have underscores for hyphens."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Wire:
    """Serves until it is closed: ``answer(path, nth)`` gives bytes, or talks to the socket itself.

    ``robots.txt`` is there and allows everything unless `answer` says otherwise; what `answer`
    gives as None stands for 200 and ``ok``.
    """

    def __init__(self, answer, context=None):
        self.asked = []
        self.closing = threading.Event()
        self._answer = answer
        self._context = context
        self._lock = threading.Lock()
        self._counts = {}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open = set()
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def paths(self):
        """Paths in the order in which they were asked for."""
        return [exchange.path for exchange in self.asked]

    def of(self, start):
        """Exchanges of paths that begin so."""
        return [exchange for exchange in self.asked if exchange.path.startswith(start)]

    def close(self):
        """Wake what waits for a socket, then close it: its number may soon be another's."""
        self.closing.set()
        for opened in (self._socket, *self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self._accepting.join(30)
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._exchange(connection):
                pass
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _exchange(self, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = connection.recv(65536)
            if not data:
                return False
            head += data
        path = head.split(b" ", 2)[1].decode()
        said = SENT.search(head)
        with self._lock:
            nth = self._counts[path] = self._counts.get(path, 0) + 1
            exchange = Exchange(path, float(said[1]) if said else time.monotonic())
            self.asked.append(exchange)
        try:
            given = self._answer(path, nth)
            if given is None:
                given = reply(NO_RULES if path == "/robots.txt" else b"ok")
            if callable(given):
                given(connection)
                return False
            exchange.ended = time.monotonic()  # whoever reads the answer may ask at once
            connection.sendall(given)
            return True
        finally:
            exchange.ended = min(exchange.ended, time.monotonic())


@contextmanager
def wired(answer, certificate=None):
    """A server under way; with the file of a key and a certificate it speaks TLS."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    wire = Wire(answer, context)
    try:
        yield wire
    finally:
        wire.close()


def start_probe(urls, **asked):
    """A process that asks the urls, see `probe.py`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(PROBE), json.dumps({"urls": urls, **asked})]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def probe(urls, **asked):
    """What came of asking the urls; ``log`` holds warnings and worse."""
    return ended(start_probe(urls, **asked))


def ended(process, timeout_s=300):
    """What a process of `start_probe` found out."""
    try:
        out, log = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        _, log = process.communicate()
        raise AssertionError(f"the probe did not end:\n{log}") from None
    assert out, log
    return {**json.loads(out), "log": log}
