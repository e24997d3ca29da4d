"""Download handlers: heads of answers have a cap, and nothing is sent twice behind our back."""

from __future__ import annotations

from typing import Any, Final

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HEADER, STATUS
from twisted.web.client import HTTPConnectionPool

__all__ = ["HttpHandler", "guard"]

_MOST_HEAD_BYTES: Final = 256 * 1024


class HttpHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https with a guarded pool of connections."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        guard(self._pool)


def guard(pool: HTTPConnectionPool) -> None:
    """Cap the heads of answers, and send a request once only.

    Twisted sends a GET again by itself when a kept connection dies under it: no delay, no count,
    no Retry-After would hold for that one.
    """
    pool.retryAutomatically = False
    pool._factory = _Factory  # noqa: SLF001  where Scrapy sets its own


class _Protocol(_LenientHTTP11ClientProtocol):
    """Client that hangs up on a status line and headers that never end."""

    _head_bytes = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """Read on, unless the head of the answer is over its cap."""
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        parser: Any = self._parser
        if parser is None or parser.state not in {STATUS, HEADER}:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > _MOST_HEAD_BYTES and self.transport is not None:
            self.transport.abortConnection()


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: N802  Twisted's name
        del addr
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
