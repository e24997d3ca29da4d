"""Running a stand-in: a loopback socket, uvicorn on it, and an end as soon as it is told."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any, Final, NoReturn

import uvicorn
from starlette.types import ASGIApp

from scrapers.replica.errors import AddressError

__all__ = ["configured", "listen", "run", "stop_on_signals", "stop_with_parent", "url_of"]

_BACKLOG: Final = 2048
_PORTS_TRIED: Final = 21  # the one that is asked for, and those after it
_PORTS: Final = 1 << 16
_PARENT_CHECK_INTERVAL_S: Final = 1.0
_GRACE_S: Final = 1  # for answers under way; a stand-in has nothing to lose


def listen(host: str, port: int) -> socket.socket:
    """Listening socket on a loopback address; port 0 takes any free one.

    Where the port is taken the next free one of the twenty that follow is had instead, and
    standard error says so.

    Raises
    ------
    AddressError : the host is not loopback, or no port can be had.
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise AddressError(
            f"host {host} is not a loopback address: a stand-in has no login and serves this "
            "machine only; use 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    last = min(port + _PORTS_TRIED, _PORTS) if port else 0
    for following in range(port, max(last, port + 1)):
        try:
            listener = _listener(family, address, following)
        except (OSError, OverflowError) as err:
            failure: OSError | OverflowError = err
            if not isinstance(err, OSError) or err.errno != errno.EADDRINUSE:
                break
        else:
            if following != port != 0:
                sys.stderr.write(f"port {port} is taken: {following} is used instead\n")
            return listener
    raise AddressError(
        f"cannot listen on {host}:{port}: {failure}; choose another port, or 0 for any free one"
    ) from failure


def _listener(family: int, address: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Base url of a listening socket, without a slash at its end."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def configured(app: ASGIApp, **options: Any) -> uvicorn.Config:  # noqa: ANN401  uvicorn's own
    """How uvicorn serves a stand-in: silent, and gone a second after it is told."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=_BACKLOG,
        **options,
    )


def run(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until told to stop; answers under way get a second."""
    uvicorn.Server(configured(app)).run(sockets=[listener])


def stop_on_signals() -> None:
    """End the process with status 0 on SIGINT and SIGTERM, whatever it was started with."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def stop_with_parent() -> None:
    """Stop as on SIGTERM within about a second of the parent's death."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_PARENT_CHECK_INTERVAL_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(0)
