"""What a browser may do with a page: headers that hold even if a template should fail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from serving.answers.sites import SiteAnswer

__all__ = ["page_headers"]

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "[::1]"})
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_ALWAYS: Final = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)


def page_headers(
    *sites: SiteAnswer, indexed: bool, hot_linked: bool = True
) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of a page, with a strict content policy: no inline script or style, few hosts.

    Parameters
    ----------
    sites : whose pictures and players may be shown.
    indexed : whether search engines may keep it.
    hot_linked : pictures come from the sites' hosts; else from this service alone.
    """
    pictures = (host for site in sites for host in site.picture_hosts if hot_linked)
    players = (host for site in sites for host in _player_hosts(site.embed_template))
    policy = _policy(tuple(dict.fromkeys(pictures)), tuple(dict.fromkeys(players)))
    robots = () if indexed else ((b"x-robots-tag", b"noindex"),)
    return (_HTML, (b"content-security-policy", policy), *_ALWAYS, *robots)


def _player_hosts(embed_template: str | None) -> tuple[str, ...]:
    return (urlsplit(embed_template).netloc,) if embed_template else ()


@lru_cache(maxsize=64)
def _policy(picture_hosts: Sequence[str], player_hosts: Sequence[str]) -> bytes:
    directives = (
        "default-src 'none'",
        " ".join(("img-src 'self'", *_sources(picture_hosts))),
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        " ".join(("frame-src", *_sources(player_hosts))) if player_hosts else "frame-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(directives).encode()


def _sources(hosts: Iterable[str]) -> Iterable[str]:
    """Hosts as sources; what is no plain host is left out, since it could end the directive.

    On loopback, a host without a port is a stand-in at any port, as `foreign.safe_url` has it.
    """
    for host in hosts:
        if _HOST.fullmatch(host):
            yield f"{host}:*" if host in _LOOPBACK else host
