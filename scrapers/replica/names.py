"""Invented people: the same handle always gets the same name, and no name leads back to it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

__all__ = ["Person", "creator_person", "invented_person", "slug"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES: Final = _words(
    "amber ample bold brave breezy bright brisk calm candid cheery clever cosmic curious dapper "
    "daring eager early fabled fair famous fleet fond frank gentle gilded glad golden grand happy "
    "hardy hidden humble jolly keen kind lively lucky lunar mellow merry mighty misty modest "
    "neat nimble noble patient plucky polite proud quick quiet rapid ready royal rustic serene "
    "sharp shy silver sunny swift"
)
_NOUNS: Final = _words(
    "acorn badger beacon bear birch bison brook canyon cedar cloud comet coral crane creek "
    "dolphin eagle ember falcon fern finch forest fox garden glacier harbor hare hawk heron "
    "island ivy jaguar juniper lake lantern lark lemur lily lynx maple marmot meadow moose moss "
    "oak orchid otter owl panda pebble pine planet puffin raven reef river robin salmon seal "
    "sparrow spruce thistle tiger willow"
)
_MAX_SLUG: Final = 80  # the real site shortens titles in its urls, at about this length


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the site: opaque `uid`, `username` for urls, `display_name` for people."""

    uid: str
    username: str
    display_name: str


def invented_person(handle: str) -> Person:
    """Member with a world's handle for uid and a made-up name: ``quiet-otter-48213``."""
    number = int.from_bytes(hashlib.sha256(f"person:{handle}".encode()).digest()[:8], "big")
    number, adjective = divmod(number, len(_ADJECTIVES))
    number, noun = divmod(number, len(_NOUNS))
    words = (_ADJECTIVES[adjective], _NOUNS[noun])
    username = f"{words[0]}-{words[1]}-{number % 100_000:05d}"
    return Person(handle, username, " ".join(words).title())


def creator_person(creator: str) -> Person:
    """Member who published an item: the creator's own name, an invented uid of 32 hex digits."""
    uid = hashlib.sha256(f"creator:{creator}".encode()).hexdigest()[:32]
    return Person(uid, f"{slug(creator)}-{uid[:6]}", creator)


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and hyphens of a text; ``untitled`` where none is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_MAX_SLUG] or "untitled"
