"""The HTTP protocol of the server: sheds, and keeps slow or endless heads out.

uvicorn's own, by httptools, whose parser callbacks and ``app`` are all that it builds on.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar, Final, cast

import orjson
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from serving.shedding import EXEMPT_PATHS, REFUSAL, Gate, is_plain_get, turned_away

__all__ = ["SheddingProtocol", "protocol_of"]

_HEAD_BYTES: Final = 65_536
_HEAD_S: Final = 10.0


class SheddingProtocol(HttpToolsProtocol):
    """A connection whose requests pass the gate first."""

    gate: ClassVar[Gate]

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
        self._head_timer: asyncio.TimerHandle | None = None
        self._shed_at_s = 0.0
        self._is_refused = False
        self._turned_away = cast(ASGI3Application, turned_away)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection; it is closed if no request comes."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            _HEAD_S, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._stop_head_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Turn a plain request away unparsed while the gate is full; else parse what came."""
        self._refuse_now()
        if self.gate.is_full() and self._is_idle() and not self._is_amid and is_plain_get(data):
            self._is_refused = True
            self.gate.shed(self._refuse_now)
            return
        super().data_received(data)
        if self._head_bytes:
            self._count_head(len(data))

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless it was answered unparsed meanwhile."""
        left_s = self._shed_at_s + self.timeout_keep_alive - self.loop.time()
        if self._shed_at_s and left_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(
                left_s, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_amid = True
        self._head_bytes = 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let a request in, or turn it away."""
        self._head_bytes = 0
        self._stop_head_timer()
        is_shed = self.gate.is_full() and not self.url.startswith(EXEMPT_PATHS)
        self.app = self._turned_away if is_shed else self._let_in
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request; its answer may be on its way already."""
        self._is_amid = False
        super().on_message_complete()

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
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_S, self.transport.close)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: int, title: str, detail: str) -> None:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        body = orjson.dumps(problem)
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
            b"cache-control: no-store\r\nconnection: close\r\n\r\n%s"
            % (status, title.encode(), len(body), body)
        )
        self.transport.close()


def protocol_of(gate: Gate) -> type[SheddingProtocol]:
    """Protocol whose connections all pass one gate."""
    return type("GatedProtocol", (SheddingProtocol,), {"gate": gate})
