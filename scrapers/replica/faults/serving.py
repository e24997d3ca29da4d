"""Serving with faults: a socket that can be misused, and a trap beside it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from scrapers.replica.certificate import write_bad_certificate
from scrapers.replica.faults.run import Run
from scrapers.replica.server import configured
from scrapers.replica.wire import ServerDoor, WireProtocol, open_trap

__all__ = ["faulty_server", "run_with_faults", "serve"]


def run_with_faults(app: ASGIApp, listener: socket.socket, run: Run) -> None:
    """Serve until told to stop, by https where the run has bad TLS."""
    with faulty_server(app, run) as server:
        asyncio.run(serve(server, listener, run))


@contextmanager
def faulty_server(app: ASGIApp, run: Run) -> Iterator[uvicorn.Server]:
    """Server whose answers may reach the connection."""
    certificate = write_bad_certificate(run.seed) if run.has("bad-tls") else None
    try:
        config = configured(app, http=WireProtocol, loop="asyncio", ssl_certfile=certificate)
        config.load()
        if config.ssl is not None:
            config.ssl.sni_callback = lambda *_hello: run.played.update(["bad-tls"])
        yield uvicorn.Server(config)
    finally:
        if certificate is not None:
            shutil.rmtree(certificate.parent)


async def serve(server: uvicorn.Server, listener: socket.socket, run: Run) -> None:
    """Serve until the server is told to stop."""
    run.door = ServerDoor(server, listener)
    trap = await open_trap(listener.getsockname()[0], run.manners.left_site)
    run.trap_port = trap.sockets[0].getsockname()[1]
    async with trap:
        await server.serve(sockets=[listener])
