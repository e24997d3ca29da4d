"""What ASGI cannot do: connections that break, a door that shuts, a trap beside the site."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connection", "Door", "ServerDoor", "WireProtocol", "connection_of", "open_trap"]

_EXTENSION: Final = "replica.connection"
_TAKEN_S: Final = 0.05  # the other side has read by then what was sent: it is this machine
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""
_FORGED: Final = (
    b'{"results":[{"uid":"forged/1","username":"forged-1","name":"Forged","likeCount":1}],'
    b'"next":null,"nextPage":null}'
)


class Connection:
    """A client's connection, to be misused."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def taken(self) -> None:
        """Wait until the client has surely read what was sent."""
        await asyncio.sleep(_TAKEN_S)

    def reset(self) -> None:
        """Break the connection off: the client sees a reset."""
        opened: socket.socket = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client has left
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def cut(self) -> None:
        """End the connection: the client sees its end."""
        self._transport.abort()


class WireProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; what answers may reach the connection."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {_EXTENSION: Connection(self.transport)}


def connection_of(scope: Scope) -> Connection:
    """Connection that a request came by."""
    connection: Connection = scope["extensions"][_EXTENSION]
    return connection


class Door(Protocol):
    """The listening socket of a site."""

    def shut(self, seconds: float) -> None:
        """Refuse connections for a while, and break off those that are."""


class ServerDoor:
    """Door of a uvicorn server that listens on one socket; ``pause`` waits for so many seconds."""

    def __init__(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._server = server
        self._family, self._address = listener.family, listener.getsockname()
        self._opening: asyncio.Task[None] | None = None
        self.pause: Callable[[float], Awaitable[object]] = asyncio.sleep

    def shut(self, seconds: float) -> None:
        """Refuse connections for a while; one that is shut stays so until its time.

        The port stays bound meanwhile, so that nobody else gets it.
        """
        if self._opening is not None and not self._opening.done():
            return
        for listening in self._server.servers:
            listening.close()
        held = socket.socket(self._family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(self._address)
        for connection in list(self._server.server_state.connections):
            cast("HttpToolsProtocol", connection).transport.abort()
        self._opening = asyncio.ensure_future(self._open_in(seconds, held))

    async def _open_in(self, seconds: float, held: socket.socket) -> None:
        await self.pause(seconds)
        loop, config = asyncio.get_running_loop(), self._server.config
        opened = await loop.create_server(
            self._protocol, sock=held, ssl=config.ssl, backlog=config.backlog
        )
        self._server.servers[:] = [opened]

    def _protocol(self) -> WireProtocol:
        return WireProtocol(
            config=self._server.config,
            server_state=self._server.server_state,
            app_state=self._server.lifespan.state,
        )


async def open_trap(host: str, followed: Callable[[], None]) -> asyncio.Server:
    """Server that answers every request with a forged page and tells that somebody came."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            followed()
            size = b"content-length: %d\r\n" % len(_FORGED)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            writer.write(head + size + b"\r\n" + _FORGED)
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, 0)
