"""How much one client may send, with nobody's address kept."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

__all__ = ["Quota"]

_MINUTE_S: Final = 60.0
_MOST_CLIENTS: Final = 10_000
_IPV6_NETWORK: Final = 64  # bits that one household has; the rest it makes up as it likes


class Quota:
    """A bucket of requests for each client, filled evenly, as large as one minute's.

    A client is known by a hash of its address under a key that this process makes up and never
    shows; IPv6 addresses of one network are one client.  Of very many clients the one that was
    silent longest is forgotten.

    Parameters
    ----------
    per_minute : requests a minute and client, at least 1.
    clock : seconds that never go back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Take a request of a client: 0 where there was one left, else seconds until there is."""
        client, now = self._client(address), self._clock()
        left, since = self._left.pop(client, (float(self._per_minute), now))
        rate = self._per_minute / _MINUTE_S
        left = min(left + (now - since) * rate, float(self._per_minute))
        taken = left >= 1
        self._left[client] = (left - 1 if taken else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / rate

    def _client(self, address: str) -> bytes:
        return hashlib.blake2b(_network(address).encode(), key=self._key, digest_size=16).digest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)  # IPv4 on a socket that listens to both
    if parsed.version == 6 and mapped is None:  # noqa: PLR2004
        return str(ipaddress.ip_network((int(parsed), _IPV6_NETWORK), strict=False))
    return str(mapped or parsed)
