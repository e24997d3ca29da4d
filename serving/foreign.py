"""Which addresses of others a page may hold, and which pictures may be asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

__all__ = ["safe_url"]

_USUAL: Final = re.compile(r"https?://([a-z0-9.-]+)(:[0-9]{1,5})?(?:/[A-Za-z0-9/_.,=?&%~+-]*)?")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\\]")


def safe_url(url: str | None, hosts: Sequence[str]) -> str | None:
    """The address if a page may hold it: http or https, and on one of the hosts; else None.

    A host that names a port means that port alone; one without means any: a page's policy, and
    who fetches a picture, have the usual ones only.
    """
    usual = _USUAL.fullmatch(url or "")
    if usual:
        host, port = usual.groups()
        named = {host, host + (port or "")}
        return url if named & _lower(tuple(hosts)) else None
    if not url or _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        named = {parts.netloc.lower(), (parts.hostname or "").lower()}
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc:
        return None
    return url if named & _lower(tuple(hosts)) else None


@lru_cache(maxsize=64)
def _lower(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(host.lower() for host in hosts)
