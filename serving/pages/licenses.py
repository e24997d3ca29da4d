"""A licence as a site states it: plain words, and a link where its address may be held."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from serving.foreign import safe_url

__all__ = ["License", "license_of"]

_HOSTS: Final = ("creativecommons.org", "www.creativecommons.org")
_KIND: Final = re.compile(r"/(licenses|publicdomain)/([a-z]+(?:-[a-z]+)*)(?:/([0-9.]+))?(?:/|$)")
_IN_BRACKETS: Final = re.compile(r"(?P<name>.*\S)\s*\((?P<address>[^()\s]+\.[^()\s]+/[^()\s]*)\)")
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class License:
    """What a licence is called, and its text, if a page may lead there."""

    name: str
    href: str | None


def license_of(stated: str | None) -> License | None:
    """The licence that a site states: words, an address, or words with an address in brackets."""
    text = (stated or "").strip()
    if not text:
        return None
    both = _IN_BRACKETS.fullmatch(text)
    if both:
        return License(both["name"], _linked(both["address"]))
    if _SCHEME.match(text):
        return License(_name(text), _linked(text))
    return License(text, None)


def _linked(address: str) -> str | None:
    return safe_url(address if _SCHEME.match(address) else f"https://{address}", _HOSTS)


def _name(address: str) -> str:
    """What the licences of Creative Commons are called; of others the address, less its scheme."""
    kind = _KIND.search(address) if _linked(address) else None
    if not kind:
        return _SCHEME.sub("", address).rstrip("/")
    if kind[1] == "publicdomain":
        name = "CC0" if kind[2] == "zero" else "Public domain"
    else:
        name = f"CC {kind[2].upper()}"
    return f"{name} {kind[3]}" if kind[3] else name
