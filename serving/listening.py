"""A socket to listen on: the port that is asked for, or the next free one."""

from __future__ import annotations

import errno
import socket
from typing import Final

from serving.errors import PortsTakenError

__all__ = ["free_socket"]

_TRIES: Final = 50
_LAST_PORT: Final = 65535


def free_socket(host: str, port: int) -> tuple[socket.socket, int]:
    """Bound socket and its port: ``port`` or the first free one after it; 0 takes any.

    Raises
    ------
    PortsTakenError : no port of those tried is free, or the host is none of this machine's.
    """
    last = port if port == 0 else min(port + _TRIES - 1, _LAST_PORT)
    for candidate in range(port, last + 1):
        try:
            bound = _bound(host, candidate)
        except OSError as err:
            if err.errno != errno.EADDRINUSE:
                message = f"cannot listen on {host} port {candidate}: {err.strerror or err}"
                raise PortsTakenError(message) from err
        else:
            return bound, bound.getsockname()[1]
    raise PortsTakenError(
        f"ports {port} to {last} of {host} are taken: set LIKEWISE_PORT to a free one"
    )


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
