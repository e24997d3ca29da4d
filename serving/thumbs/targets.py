"""Where a picture may be fetched from: hosts of the site, by an address that is public."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

from serving.errors import PictureRefusedError
from serving.foreign import safe_url

__all__ = ["Resolve", "Target", "is_public", "target_of"]

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what takes and answers the same."""

_PORTS: Final = {"http": 80, "https": 443}
_UNICAST: Final = IPv6Network("2000::/3")  # all that is given out of IPv6 (RFC 4291)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_KEPT: Final = "/?&=:@!$'()*+,;~%-._"


@dataclass(frozen=True, slots=True)
class Target:
    """A picture, and the one address that it is asked of.

    Attributes
    ----------
    host : what the url names, for the header Host and for the certificate.
    address : what the name meant when it was looked up; nobody looks it up again.
    """

    scheme: str
    host: str
    port: int
    address: str
    path: str


def target_of(
    url: str, picture_hosts: Sequence[str], resolve: Resolve = socket.getaddrinfo
) -> Target:
    """Where the picture of a url is fetched from; its name is looked up once.

    Parameters
    ----------
    picture_hosts : of the site.  One with a port means that port alone, one without the usual
        port of the scheme; loopback is reached only where a literal loopback address stands here.

    Raises
    ------
    PictureRefusedError : no http(s) url of one of the hosts, or one that leads to an address that
        is not public.
    """
    if safe_url(url, picture_hosts) is None:
        raise PictureRefusedError("its address is none of the site's picture hosts")
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    try:
        port = parts.port or _PORTS[scheme]
    except ValueError as err:
        raise PictureRefusedError("its address has no port that there is") from err
    named = {each.lower() for each in picture_hosts}
    is_local = host in _loopback_literals(named)
    if parts.netloc.lower() not in named and port != _PORTS[scheme] and not is_local:
        raise PictureRefusedError("its port is none of the site's picture hosts")
    path = quote(parts.path or "/", safe=_KEPT) + (
        f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    )
    return Target(scheme, host, port, _address(host, port, resolve, local=is_local), path)


def _loopback_literals(named: Iterable[str]) -> set[str]:
    """Hosts of the list that are written as an address of this machine."""
    hosts = (urlsplit(f"//{each}").hostname or "" for each in named)
    return {host for host in hosts if (literal := _literal(host)) and literal.is_loopback}


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _address(host: str, port: int, resolve: Resolve, *, local: bool) -> str:
    """First address of a host; all of them must be fit, or none is."""
    try:
        found = [str(info[4][0]) for info in resolve(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as err:
        raise PictureRefusedError("its host is not known") from err
    if not found or not (local or all(map(is_public, found))):
        raise PictureRefusedError("its host is at an address that is not public")
    return found[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, also where it only stands for another."""
    literal = _literal(address.partition("%")[0])
    if isinstance(literal, IPv6Address):
        inner = [literal.ipv4_mapped, literal.sixtofour, *(literal.teredo or ())]
        if literal in _NAT64:
            inner.append(IPv4Address(int(literal) & 0xFFFFFFFF))
        if not all(map(_is_open, filter(None, inner))):
            return False
        if literal.ipv4_mapped:
            return True
        if literal not in _UNICAST and literal not in _NAT64:
            return False
    return literal is not None and _is_open(literal)


def _is_open(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast
