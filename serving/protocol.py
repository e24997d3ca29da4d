"""The HTTP protocol of the server: sheds, and gives up what never ends.

A head, what follows a body, a body that nobody waits for any more and a client that does not read
its answers all have limits of time or size.

uvicorn's own, by httptools, whose parser callbacks and ``app`` are all that it builds on.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any, ClassVar, Final, cast

import orjson
from starlette.types import ASGIApp
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from serving.shedding import EXEMPT_PATHS, REFUSAL, Gate, is_plain_get, turned_away

__all__ = ["SheddingProtocol", "protocol_of", "without_upgrade"]

_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)
_HEAD_BYTES: Final = 65_536
_FRAME_BYTES: Final = 524_288  # sizes of chunks, what stands beside them, trailers
_HEAD_S: Final = 10.0
_REST_S: Final = 10.0
_READ_S: Final = 30.0


class SheddingProtocol(HttpToolsProtocol):
    """A connection whose requests pass the gate first."""

    gate: ClassVar[Gate]
    refusing: ClassVar[ASGIApp]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._let_in = self.app
        self._is_amid = False
        self._head_bytes = 0
        self._frame_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None
        self._shed_at_s = 0.0
        self._is_refused = False
        self._turned_away = cast(ASGI3Application, type(self).refusing)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection; it is closed if no request comes."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            _HEAD_S, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._stop_timer()
        self._stop_reading_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Turn a plain request away unparsed while the gate is full; else parse what came."""
        self._refuse_now()
        if self.gate.is_full() and self._is_idle() and not self._is_amid and is_plain_get(data):
            self._is_refused = True
            self.gate.shed(self._refuse_now)
            return
        if b"pgrade" in data and (self._head_bytes or not self._is_amid):
            data = without_upgrade(data)
        super().data_received(data)
        if self._head_bytes:
            self._count_head(len(data))
        elif self._is_amid:
            self._count_frame(len(data))
        elif self._is_idle():  # empty lines, or the end of a body that was answered already
            self._start_timer(_HEAD_S)

    def pause_writing(self) -> None:
        """Wait for a client to read its answers, not for ever."""
        super().pause_writing()
        self._read_soon()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._stop_reading_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless it was answered unparsed meanwhile."""
        left_s = self._shed_at_s + self.timeout_keep_alive - self.loop.time()
        if self._shed_at_s and left_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(
                left_s, self.timeout_keep_alive_handler
            )
        else:
            self._close()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_amid = True
        self._head_bytes = 1
        self._frame_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; what follows a body is none."""
        if self._head_bytes:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take in a part of a body."""
        self._frame_bytes -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Let a request in, or turn it away."""
        self._head_bytes = 0
        self._stop_timer()
        is_shed = self.gate.is_full() and not self.url.startswith(EXEMPT_PATHS)
        self.app = self._turned_away if is_shed else self._let_in
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request; its answer may be on its way already."""
        self._is_amid = False
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End an answer; the rest of a request that was answered early is not waited for long."""
        super().on_response_complete()
        if self._is_amid and not self._head_bytes and self._is_idle():
            self._start_timer(_REST_S)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in the one shape of errors, and close."""
        self._refuse(400, "Bad Request", msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        def begin(answering: ASGI3Application) -> None:
            if not cycle.disconnected:
                start(cycle, answering)

        start = super()._start_asgi_task
        refuse = partial(begin, self._turned_away)
        if app is self._turned_away:
            self.gate.shed(refuse)
        else:
            self.gate.enter(partial(begin, app), refuse, under_way=len(self.tasks))

    def shutdown(self) -> None:
        """Close the connection once what was asked is answered."""
        self._refuse_now()
        super().shutdown()

    def _refuse_now(self) -> None:
        if self._is_refused:
            self._is_refused = False
            self._shed_at_s = self.loop.time()
            if not self.transport.is_closing():
                self.transport.write(REFUSAL)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _count_head(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        if self._head_bytes > _HEAD_BYTES:
            detail = f"At most {_HEAD_BYTES} bytes of a request's head are read."
            self._refuse(431, "Request Header Fields Too Large", detail)
        else:
            self._start_timer(_HEAD_S)

    def _count_frame(self, size_bytes: int) -> None:
        self._frame_bytes += size_bytes
        if self._frame_bytes <= _FRAME_BYTES:
            return
        if self.cycle.response_started:
            self._close()
        else:
            detail = f"At most {_FRAME_BYTES} bytes that are no body are read with one."
            self._refuse(413, "Content Too Large", detail)

    def _start_timer(self, wait_s: float) -> None:
        """Close the connection unless what is awaited comes in time; the first such wait counts."""
        if self._timer is None:
            self._timer = self.loop.call_later(wait_s, self._close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_reading_timer(self) -> None:
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None

    def _refuse(self, status: int, title: str, detail: str) -> None:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        body = orjson.dumps(problem)
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
            b"cache-control: no-store\r\nconnection: close\r\n\r\n%s"
            % (status, title.encode(), len(body), body)
        )
        self._close()

    def _close(self) -> None:
        """Close the connection once what was answered is read, or is not for too long."""
        self.transport.close()
        self._read_soon()

    def _read_soon(self) -> None:
        if self._reading_timer is None:
            self._reading_timer = self.loop.call_later(_READ_S, self.transport.abort)


def without_upgrade(data: bytes) -> bytes:
    """A head whose wish for another protocol is passed over, as RFC 9110 section 7.8 lets a server.

    The parser would take what follows for that protocol's: the body of a POST by Java's client,
    which asks for HTTP/2 like this, would be lost.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nX-Upgrade", head) + end + rest


def protocol_of(gate: Gate, refusing: ASGIApp = turned_away) -> type[SheddingProtocol]:
    """Protocol whose connections all pass one gate.

    Parameters
    ----------
    refusing : answers requests that are turned away once their heads were parsed.
    """
    return type(
        "GatedProtocol", (SheddingProtocol,), {"gate": gate, "refusing": staticmethod(refusing)}
    )
