"""What caches may keep of an answer: a strong ETag, 304 before any work, Cache-Control."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fastapi import Request, Response
from starlette.types import Scope

from serving.snapshot import Snapshot

__all__ = ["JSON", "Media", "answered", "entity_tag", "file_answered"]

_DIGEST_BYTES: Final = 12
_NO_STORE: Final = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Media:
    """What an answer is made of besides its body.

    Attributes
    ----------
    headers : content-type and all that comes with it.
    salt : tells apart the ETags of answers that templates or settings make different.
    """

    headers: tuple[tuple[bytes, bytes], ...]
    salt: bytes = b""

    @property
    def kept(self) -> tuple[tuple[bytes, bytes], ...]:
        """Headers of a 304: a browser puts them in the place of those that it has kept."""
        return tuple(header for header in self.headers if header[0] != b"content-type")


JSON: Final = Media(((b"content-type", b"application/json"),))


class _Answer(Response):
    """A response whose headers are encoded already: half the cost of a mapping."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None


def answered(
    request: Request,
    snapshot: Snapshot,
    body: Callable[[], bytes],
    *,
    max_age_s: int = 60,
    private: bool = False,
    media: Media = JSON,
) -> Response:
    """Answer of a GET route from one snapshot; 304, without a body built, to who has it.

    Parameters
    ----------
    body : makes the JSON; may raise what the route raises.
    max_age_s : seconds for which a cache need not ask again.
    private : the answer is about a person: nobody may keep it, and it has no ETag.
    """
    if private:
        return _built(body(), [_NO_STORE, *media.headers])
    scope = request.scope
    etag = entity_tag(snapshot, scope, media.salt)
    headers = [(b"etag", etag), (b"cache-control", _public(max_age_s))]
    if _is_kept(scope, etag):
        return _Answer(304, [*headers, *media.kept], b"")
    return _built(body(), [*headers, *media.headers])


def file_answered(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Answer that is of no snapshot; its strong ETag is of what is in it, 304 to who has it."""
    etag = f'"{hashlib.blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()}"'
    given = {"ETag": etag, **headers}
    if _is_kept(request.scope, etag.encode()):
        return Response(status_code=304, headers=given)
    return Response(body, headers=given, media_type=media_type)


def entity_tag(snapshot: Snapshot, scope: Scope, salt: bytes = b"") -> bytes:
    """Strong ETag of the answer to one path and query from one snapshot, quoted.

    Two answers have the same one only if edition, path, query and salt are the same.
    """
    seed = snapshot.variant.encode() + salt
    parts = (snapshot.head, scope["path"].encode(), scope["query_string"], seed)
    hashed = hashlib.blake2b(b"%s\0%s\0%s\0%s" % parts, digest_size=_DIGEST_BYTES)
    return b'"%s"' % hashed.hexdigest().encode()


def _built(body: bytes, headers: list[tuple[bytes, bytes]]) -> _Answer:
    headers.append((b"content-length", b"%d" % len(body)))
    return _Answer(200, headers, body)


def _is_kept(scope: Scope, etag: bytes) -> bool:
    """Whether an If-None-Match names a tag; compared weakly, as RFC 9110 13.1.2 asks.

    ``*`` names none: whether there is an answer at all is known only once it is built.
    """
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            listed = value.split(b",") if value != etag else (value,)
            if any(part.strip().removeprefix(b"W/") == etag for part in listed):
                return True
    return False


@lru_cache(maxsize=16)
def _public(max_age_s: int) -> bytes:
    return b"public, max-age=%d" % max_age_s
