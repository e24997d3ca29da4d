"""Door 2: what the operator of a site wants nobody to see.

``<data>/deny/<site>.toml`` names items by id, creators and tags by any spelling of their name::

    items = ["7e2d9a"]
    creators = ["Jane Doe"]
    tags = ["gore"]

Serving honours it when it loads a snapshot, the pipeline when it builds one.  Standard library
only.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pipeline.errors import DenyListError
from pipeline.pointer import SITE_NAME_PATTERN
from pipeline.slugs import slug

__all__ = ["DenyList", "DenyListError", "deny_list_path", "read_deny_list"]

_slug = lru_cache(maxsize=65_536)(slug)


@dataclass(frozen=True, slots=True)
class DenyList:
    """Items, creators and tags that are in no list, search or page; an empty one denies nothing.

    Attributes
    ----------
    items : ids, exactly as the site writes them.
    creators, tags : slugs, so that all spellings that are one group are denied together; names
        that are given become slugs.
    """

    items: frozenset[str] = frozenset()
    creators: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", frozenset(self.items))
        object.__setattr__(self, "creators", frozenset(map(slug, self.creators)))
        object.__setattr__(self, "tags", frozenset(map(slug, self.tags)))

    def __bool__(self) -> bool:
        """Whether anything is denied."""
        return bool(self.items or self.creators or self.tags)

    @property
    def digest(self) -> str:
        """SHA-256 of what is denied, as hex digits; order and spelling do not matter."""
        content = {field.name: sorted(getattr(self, field.name)) for field in fields(self)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def denies(self, item_id: str, creator: str | None, tags: Iterable[str]) -> bool:
        """Whether an item is denied: itself, by its creator or by any of its tags."""
        return (
            item_id in self.items
            or bool(self.creators and creator is not None and _slug(creator) in self.creators)
            or bool(self.tags and any(_slug(tag) in self.tags for tag in tags))
        )


_KEYS: Final = tuple(field.name for field in fields(DenyList))


def deny_list_path(data: Path, site: str) -> Path:
    """File of a site's deny list, whether it exists or not.

    Raises
    ------
    ValueError : the name is not of the form of a site's name.
    """
    if not re.fullmatch(SITE_NAME_PATTERN, site):
        raise ValueError(f"site name {site!r} does not match {SITE_NAME_PATTERN}")
    return data / "deny" / f"{site}.toml"


def read_deny_list(data: Path, site: str) -> DenyList:
    """What is denied of a site; nothing where there is no file.

    Raises
    ------
    DenyListError : the file cannot be read or is not a deny list, every fault named: a list that
        is half understood would show what it was to hide.
    """
    path = deny_list_path(data, site)
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return DenyList()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise DenyListError([f"{path} cannot be read: {err}"]) from err
    faults = [f"{path}: {fault}" for fault in _faults(content)]
    if faults:
        raise DenyListError(faults)
    return DenyList(**{key: frozenset(names) for key, names in content.items()})


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    for key, names in content.items():
        if key not in _KEYS:
            yield f"{key!r} is unknown; the arrays are {', '.join(_KEYS)}"
        elif not isinstance(names, list):
            yield f"{key} is {names!r}, an array of strings is wanted"
        else:
            for place, name in enumerate(names):
                if not isinstance(name, str) or not name.strip():
                    yield f"{key}[{place}] is {name!r}, a string with something in it is wanted"
