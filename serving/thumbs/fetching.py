"""One picture from one address: no look-up, no redirect, no more bytes or time than allowed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from serving.errors import PictureRefusedError
from serving.thumbs.targets import Target

__all__ = ["LONGEST_S", "MOST_BYTES", "fetched"]

MOST_BYTES: Final = 5 * 2**20
LONGEST_S: Final = 5.0


def fetched(target: Target, user_agent: str, longest_s: float = LONGEST_S) -> bytes:
    """Bytes of the picture, whatever they are.

    Parameters
    ----------
    longest_s : from the first packet to the last byte.

    Raises
    ------
    PictureRefusedError : the host does not answer, or with anything but a whole body of at most
        `MOST_BYTES` and status 200.
    """
    connection = _connection_to(target, longest_s)
    headers = {
        "Accept": "image/webp,image/png,image/jpeg,image/gif",
        "Accept-Encoding": "identity",
        "User-Agent": user_agent,
        "Connection": "close",
    }
    try:
        with contextlib.closing(connection), _cut_after(connection, longest_s):
            connection.request("GET", target.path, headers=headers)
            with connection.getresponse() as answer:
                return _body(answer)
    except (OSError, http.client.HTTPException, ValueError) as err:
        raise PictureRefusedError(f"its host gives none ({type(err).__name__})") from err


def _body(answer: http.client.HTTPResponse) -> bytes:
    if answer.status != HTTPStatus.OK:
        raise PictureRefusedError(f"its host answers {answer.status}")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise PictureRefusedError("its host packs it though nobody asked for that")
    if (answer.length or 0) > MOST_BYTES:
        raise PictureRefusedError("it is too large")
    body = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise PictureRefusedError("it is too large")
    if answer.length:  # of the bytes that were announced, those that did not come
        raise PictureRefusedError("its host broke off")
    return body


class _Pinned(http.client.HTTPConnection):
    """A connection to the address of a target, whatever its name means now.

    The ``handle`` outlives it: http.client closes a connection before the last answer is read.
    Once ``is_late`` there is no connecting any more.
    """

    def __init__(self, target: Target, timeout_s: float, context: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.default_port = 443 if context else 80
        self.handle: socket.socket | None = None
        self.is_late = False
        self._target = target
        self._timeout_s = timeout_s
        self._context = context

    def connect(self) -> None:
        """Connect, and say in TLS which host is meant."""
        plain = socket.create_connection((self._target.address, self._target.port), self._timeout_s)
        self.handle = plain.dup()
        self.sock = plain
        if self.is_late:  # whoever cut found no handle
            raise TimeoutError
        if self._context:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def _connection_to(target: Target, timeout_s: float) -> _Pinned:
    context = ssl.create_default_context() if target.scheme == "https" else None
    return _Pinned(target, timeout_s, context)


@contextlib.contextmanager
def _cut_after(connection: _Pinned, longest_s: float) -> Iterator[None]:
    """Shut the connection down after a time: a host that sends a byte a second never times out.

    Raises
    ------
    TimeoutError : it came to that.
    """

    def cut() -> None:
        connection.is_late = True
        with contextlib.suppress(OSError):
            if connection.handle:
                connection.handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(longest_s, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if connection.handle:
            connection.handle.close()
        if connection.is_late:
            raise TimeoutError
