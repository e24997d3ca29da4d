"""What a crawl is asked to do, from ``-a name=value``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from scrapers.records import CatalogueSource, Mode, Side, Stage

__all__ = [
    "CrawlArguments",
    "Worker",
    "is_loopback",
    "origin",
    "read_arguments",
    "same_page",
]

RUN_ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
_MOST_LIKES: Final = 10**9


@dataclass(frozen=True, slots=True)
class Worker:
    """Which of the processes that share a crawl this is, counted from 1."""

    number: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True)
class CrawlArguments:
    """Arguments of a crawl; urls have no slash at their end.

    ``run_id`` is the name that processes which share the crawl have in common; ``first`` a JSON
    file of the ids of items whose features are read before those of others, empty without one.
    """

    base_url: str
    api_url: str
    stage: Stage
    catalogue: CatalogueSource
    side: Side
    like_floor: int
    run_id: str
    mode: Mode = Mode.FULL
    worker: Worker = Worker()
    first: str = ""

    @property
    def landing_id(self) -> str:
        """Name of what this process lands: a run of its own where several share a crawl."""
        if self.worker.of == 1:
            return self.run_id
        return f"{self.run_id}.{self.worker.number}-of-{self.worker.of}"

    def as_given(self) -> Mapping[str, str]:
        """The arguments as ``-a`` takes them."""
        given = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return given | {"worker": f"{self.worker.number}/{self.worker.of}"}


_NAMES: Final = tuple(field.name for field in fields(CrawlArguments))
_E = TypeVar("_E", bound=StrEnum)


def read_arguments(given: Mapping[str, str], faults: list[str]) -> CrawlArguments:
    """Arguments with defaults filled in; what is wrong goes to `faults`.

    With faults the arguments are not to be used.
    """
    faults.extend(
        f"{name} is no argument of a crawl; those are {', '.join(_NAMES)}"
        for name in given
        if name not in _NAMES
    )
    base_url = _url(given, "base_url", None, faults)
    return CrawlArguments(
        base_url=base_url,
        api_url=_url(given, "api_url", base_url, faults),
        stage=_choice(given, "stage", Stage, Stage.CATALOGUE, faults),
        catalogue=_choice(given, "catalogue", CatalogueSource, CatalogueSource.BROWSER, faults),
        side=_choice(given, "side", Side, Side.ITEM, faults),
        like_floor=_like_floor(given, faults),
        run_id=_run_id(given, faults),
        mode=_choice(given, "mode", Mode, Mode.FULL, faults),
        worker=_worker(given, faults),
        first=given.get("first", ""),
    )


def origin(url: str) -> str:
    """Scheme, host and port of a url, ``http://127.0.0.1:8000`` say."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def same_page(asked: str, got: str) -> bool:
    """Whether a url asks for what another asked for: its path, and its parameters at least.

    A redirect may add to a url; where it changes what was asked, another page was answered.
    """
    before, after = urlsplit(asked), urlsplit(got)
    wanted = set(parse_qsl(before.query, keep_blank_values=True))
    parameters = set(parse_qsl(after.query, keep_blank_values=True))
    return unquote(before.path).rstrip("/") == unquote(after.path).rstrip("/") and (
        wanted <= parameters
    )


def is_loopback(url: str) -> bool:
    """Whether a url's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(given: Mapping[str, str], name: str, default: str | None, faults: list[str]) -> str:
    text = given.get(name) or default
    if text is None:
        faults.append(f"{name} is missing: give the root of the site, -a {name}=https://...")
        return ""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
        valid = valid and not (parts.query or parts.fragment or parts.username or parts.password)
        _ = parts.port
    except ValueError:
        valid = False
    if not valid and text != default:
        faults.append(f"{name} is {text!r}: an http or https url without query is needed")
    return text.rstrip("/")


def _choice(
    given: Mapping[str, str], name: str, kind: type[_E], default: _E, faults: list[str]
) -> _E:
    text = given.get(name)
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        faults.append(f"{name} is {text!r}: one of {', '.join(kind)} is needed")
        return default


def _like_floor(given: Mapping[str, str], faults: list[str]) -> int:
    text = given.get("like_floor") or "5"
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or int(text) > _MOST_LIKES:
        faults.append(f"like_floor is {text!r}: a whole number of likes, 0 to {_MOST_LIKES}")
        return 0
    return int(text)


def _worker(given: Mapping[str, str], faults: list[str]) -> Worker:
    text = given.get("worker") or "1/1"
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text, re.ASCII)
    worker = Worker() if match is None else Worker(int(match[1]), int(match[2]))
    if match is None or not 1 <= worker.number <= worker.of:
        faults.append(f"worker is {text!r}: which process of how many is needed, 1/2 say")
    return worker


def _run_id(given: Mapping[str, str], faults: list[str]) -> str:
    text = given.get("run_id") or f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    if not re.fullmatch(RUN_ID_PATTERN, text):
        faults.append(f"run_id is {text!r}: letters, digits, dots, hyphens, at most 100, are taken")
    return text
