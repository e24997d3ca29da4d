"""The drawings of the library as its metadata describes them, cleaned."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from scrapers.replica.drawings.errors import DrawingsError

__all__ = ["Drawing", "item_id_of", "read_catalogue"]

_REQUIRED: Final = ("path", "title", "creator", "tags", "license")
_PUBLIC_DOMAIN: Final = re.compile(r"/cc/publicdomain$|/licenses/publicdomain/?$", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"[\[(<][^\])>]*[\])>]?|\s-\s\S+@\S+|\S+@\S+|\S+AT\S+DOT\S+|hash\(.*", re.IGNORECASE
)
_NAMELESS: Final = frozenset(
    {"", "anonymous", "unknown", "c", "c...", "as", "http://www.treebuilder.de", "emule.org"}
)
_CLIPART_BY: Final = re.compile(r"^clip ?art by [^-]+ - ", re.IGNORECASE)
_SHORTEST: Final = 3
_SHARED: Final = 3  # a title of more drawings names a collection
_EMPTY_TAGS: Final = frozenset({"unsorted", ""})
_UNSORTED: Final = "unsorted"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of the library; `path` is its SVG file inside the library."""

    path: str
    item_id: str
    title: str
    creator: str
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    public_domain: bool


def item_id_of(path: str) -> str:
    """Opaque id of a path: 32 hex digits, or 27 letters and digits for about one in fifty.

    Sketchfab's catalogue holds both shapes, so nothing may rely on the first.
    """
    digest = hashlib.sha256(f"openclipart:{path}".encode()).digest()
    if digest[31] >= 5:  # noqa: PLR2004 - 5 of 256 are two in a hundred
        return digest.hex()[:32]
    number, letters = int.from_bytes(digest, "big"), []
    for _ in range(27):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def read_catalogue(meta: Path) -> list[Drawing]:
    """Drawings of a metadata file (JSON lines, may be gzipped), in the order of their paths.

    Titles lose HTML entities and doubly encoded letters, creators lose addresses (an unnamed one
    is empty), tags lose the creator's own name and what says nothing.

    Raises
    ------
    DrawingsError : a line is not JSON or lacks a field.
    """
    raw = meta.read_bytes()
    text = (gzip.decompress(raw) if meta.suffix == ".gz" else raw).decode()
    drawings, faults = [], []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = json.loads(line)
            missing = [name for name in _REQUIRED if name not in row]
        except (ValueError, TypeError) as err:
            faults.append(f"line {number} is no JSON object: {err}")
            continue
        if missing:
            faults.append(f"line {number} has no {', '.join(missing)}")
            continue
        drawings.append(_drawing(row))
    if faults:
        raise DrawingsError(f"{meta.name} cannot be read as the library's metadata:", faults)
    return _told_apart(sorted(drawings, key=lambda drawing: drawing.path))


def _drawing(row: Mapping[str, Any]) -> Drawing:
    creator = _one_line(_ADDRESS.sub(" ", html.unescape(row["creator"]))).strip(" -")
    folders = [part.replace("_", " ") for part in row["path"].split("/")[:-1]]
    return Drawing(
        path=row["path"],
        item_id=item_id_of(row["path"]),
        title=_title(row["title"]),
        creator="" if creator.casefold() in _NAMELESS else creator,
        tags=_tags(row["tags"], row["creator"]),
        categories=tuple(part for part in folders if part != _UNSORTED),
        public_domain=bool(_PUBLIC_DOMAIN.search(row["license"])),
    )


def _told_apart(drawings: list[Drawing]) -> list[Drawing]:
    """Drawings whose title names a whole collection are titled by their file instead."""
    count = Counter(drawing.title for drawing in drawings)
    return [
        replace(drawing, title=_words(drawing) or drawing.title)
        if count[drawing.title] > _SHARED
        else drawing
        for drawing in drawings
    ]


def _words(drawing: Drawing) -> str:
    """What a file is called, less numbers and the creator's name cut to any length."""
    names = re.split(r"[\W_]+", drawing.creator.casefold())
    words = re.split(r"[\W_]+", Path(drawing.path).stem)
    said = [
        word
        for word in words
        if len(word) > 1 and not any(name.startswith(word.casefold()) for name in names)
    ]
    title = " ".join(word for word in said if not word.isdecimal()).capitalize()
    return title if len(title) >= _SHORTEST else ""


def _title(raw: str) -> str:
    text = html.unescape(html.unescape(raw)).replace("_", " ")
    with contextlib.suppress(UnicodeError):  # "LÃ©zard": UTF-8 once read as Latin-1
        text = text.encode("latin-1").decode()
    return _one_line(_CLIPART_BY.sub("", text))


def _tags(raw: list[str], creator: str) -> tuple[str, ...]:
    unwanted = _EMPTY_TAGS | {creator.casefold()}
    cleaned = (_one_line(html.unescape(tag)).casefold() for tag in raw)
    return tuple(
        dict.fromkeys(tag for tag in cleaned if tag not in unwanted and not tag.isdecimal())
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
