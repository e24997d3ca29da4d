"""A host of pictures on loopback, that does to a client what hosts can do."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tests.services import answering

Reply = Callable[[BaseHTTPRequestHandler], None]


def picture(form: str = "PNG", size: tuple[int, int] = (400, 200), **more: object) -> bytes:
    """Bytes of a plain picture."""
    made = io.BytesIO()
    Image.new("RGB", size, (200, 60, 20)).save(made, form, **more)
    return made.getvalue()


def replying(body: bytes, status: int = 200, **headers: str) -> Reply:
    """What sends one whole answer."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"content-length": str(len(body)), **own}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@dataclass
class Host:
    """Answers by path; `asked` counts them, `heads` has the headers of each request."""

    replies: dict[str, Reply] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    heads: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.name}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    with hosting() as told:
        yield told


@contextmanager
def hosting() -> Iterator[Host]:
    """A host for as long as the block."""
    told = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked[self.path] += 1
            told.heads.append(dict(self.headers))
            told.replies.get(self.path, replying(b"", 404))(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that goes is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    with answering(server):
        yield told
