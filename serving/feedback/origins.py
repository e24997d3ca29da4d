"""Whose pages may send feedback."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["is_allowed"]


def is_allowed(origin: str | None, host: str | None, allowed: frozenset[str]) -> bool:
    """Whether a request from an origin may be taken.

    Parameters
    ----------
    origin : header Origin, which browsers send with every POST; None where no browser sends.
    host : header Host: pages of the API's own host always may.
    allowed : further origins, ``https://example.org`` each.
    """
    if origin is None or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"} and origin == f"{parts.scheme}://{parts.netloc}"
    return is_web and host is not None and parts.netloc.casefold() == host.casefold()
