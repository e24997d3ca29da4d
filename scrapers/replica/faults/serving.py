"""Serving with faults: a socket that can be misused, and a trap beside it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.types import ASGIApp

from scrapers.replica.certificate import write_bad_certificate
from scrapers.replica.faults.run import Run
from scrapers.replica.server import configured
from scrapers.replica.wire import ServerDoor, WireProtocol, open_trap

__all__ = ["faulty_server", "run_with_faults", "serve"]


def run_with_faults(app: ASGIApp, listener: socket.socket, run: Run) -> None:
    """Serve until told to stop, by https where the run has bad TLS."""
    asyncio.run(serve(faulty_server(app, run), listener, run))


def faulty_server(app: ASGIApp, run: Run) -> uvicorn.Server:
    """Server whose answers may reach the connection."""
    if not run.has("bad-tls"):
        return uvicorn.Server(configured(app, http=WireProtocol, loop="asyncio"))
    with TemporaryDirectory(prefix="stand-in-") as folder:
        path = write_bad_certificate(Path(folder), run.seed)
        config = configured(app, http=WireProtocol, loop="asyncio", ssl_certfile=path)
        config.load()
    if config.ssl is not None:
        config.ssl.sni_callback = lambda *_hello: run.played.update(["bad-tls"])
    return uvicorn.Server(config)


async def serve(server: uvicorn.Server, listener: socket.socket, run: Run) -> None:
    """Serve until the server is told to stop."""
    run.door = ServerDoor(server, listener)
    trap = await open_trap(listener.getsockname()[0], run.manners.left_site)
    run.trap_port = trap.sockets[0].getsockname()[1]
    async with trap:
        await server.serve(sockets=[listener])
