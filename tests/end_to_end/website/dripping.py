"""A slow line to the website: pages come in pieces, with time to draw between them."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tests.services import answering

__all__ = ["slow_line"]

_PIECES: Final = 20
_PAUSE_S: Final = 0.04  # two drawings of a screen
_KEPT: Final = ("content-type", "content-security-policy", "location")


class _Line(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        kept = {name: self.headers[name] for name in ("accept", "cookie") if self.headers[name]}
        request = urllib.request.Request(self.server.url + self.path, headers=kept)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self._pass_on(answer)
        except urllib.error.HTTPError as fault:
            with fault:
                self._pass_on(fault)

    def _pass_on(self, answer: HTTPResponse | urllib.error.HTTPError) -> None:
        body = answer.read()
        self.send_response(answer.status or 500)
        for name in _KEPT:
            if value := answer.headers[name]:
                self.send_header(name, value)
        self.end_headers()
        is_page = answer.headers["content-type"].startswith("text/html")
        size = len(body) // _PIECES + 1 if is_page else len(body) or 1
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            time.sleep(_PAUSE_S if is_page else 0)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    url = ""

    def handle_error(self, *_: object) -> None:
        """A browser may go while something comes."""


@contextmanager
def slow_line(url: str) -> Iterator[str]:
    """Address at which a website answers slowly, for as long as the block."""
    server = _Server(("127.0.0.1", 0), _Line)
    server.url = url
    with answering(server) as own_url:
        yield own_url
