"""Compressed bodies: only what can be capped is asked for, and a bomb is stopped while it opens."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from scrapers.errors import BadAnswerError
from scrapers.retrying import retry_request

__all__ = ["BodyMiddleware", "inflate"]

_ASKED: Final = b"gzip, deflate"
_INFLATED: Final = frozenset({b"gzip", b"x-gzip", b"deflate"})
_PLAIN: Final = frozenset({b"", b"identity"})
_STEP_BYTES: Final = 1024 * 1024
_ANY_HEADER: Final = 32 + zlib.MAX_WBITS  # gzip or zlib
_NO_HEADER: Final = -zlib.MAX_WBITS  # what some servers call deflate
_GZIP_MAGIC: Final = b"\x1f\x8b"


class BodyMiddleware:
    """Opens compressed bodies up to ``DOWNLOAD_MAXSIZE``; one that is cut, broken or huge is bad.

    Scrapy's own gives as much of a broken body as it could read, and fails on a huge one where no
    retry sees it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._most_bytes = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware of a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Say what can be opened."""
        request.headers.setdefault("Accept-Encoding", _ASKED)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """The answer with its body opened, or the request once more.

        Raises
        ------
        BadAnswerError : the body is bad, and was so often enough.
        """
        encodings = list(_encodings(response))
        if not encodings or not response.body or "playwright" in response.flags:
            return response
        try:
            body = self._opened(response.body, encodings)
        except BadAnswerError as err:
            spider, again = self._crawler.spider, None
            if spider is not None and not request.meta.get("dont_retry"):
                again = retry_request(request, str(err), spider)
            if again is None:
                raise
            return again
        headers = response.headers.copy()
        del headers[b"Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return response.replace(cls=kind, headers=headers, body=body)

    def _opened(self, body: bytes, encodings: list[bytes]) -> bytes:
        if len(encodings) > 1 or encodings[0] not in _INFLATED:
            raise BadAnswerError("body in an encoding that was not asked for")
        return inflate(body, self._most_bytes)


def inflate(body: bytes, most_bytes: int) -> bytes:
    """A gzip, zlib or bare deflate body, opened.

    Raises
    ------
    BadAnswerError : it is cut off, broken, or holds more than ``most_bytes``.
    """
    opened = bytearray()
    try:
        unpacker = _unpacker(body)
        while body:
            opened += unpacker.decompress(body, _STEP_BYTES)
            if len(opened) > most_bytes:
                raise BadAnswerError(f"body of more than {most_bytes} bytes")
            body = unpacker.unconsumed_tail
            if unpacker.eof and unpacker.unused_data.startswith(_GZIP_MAGIC):
                body, unpacker = unpacker.unused_data, zlib.decompressobj(_ANY_HEADER)
    except zlib.error as err:
        raise BadAnswerError("body that cannot be opened") from err
    if not unpacker.eof:
        raise BadAnswerError("body that is cut off")
    return bytes(opened)


def _unpacker(body: bytes) -> zlib._Decompress:
    try:
        zlib.decompressobj(_ANY_HEADER).decompress(body[:_STEP_BYTES], 1)
    except zlib.error:
        return zlib.decompressobj(_NO_HEADER)
    return zlib.decompressobj(_ANY_HEADER)


def _encodings(response: Response) -> Iterator[bytes]:
    for header in response.headers.getlist(b"Content-Encoding"):
        for name in header.split(b","):
            if name.strip().lower() not in _PLAIN:
                yield name.strip().lower()
