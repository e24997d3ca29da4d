"""A pasted link becomes an item: taken apart by the forms that the site table knows, never fetched.

Scheme, ``www.``, a closing slash, query and fragment do not matter, nor do case of the host and
percent-encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote_to_bytes, urlsplit

import orjson

from serving.answers.sites import SiteAnswer
from serving.errors import ApiProblemError, invalid_request
from serving.snapshot import Snapshot

__all__ = ["BARE_ID", "MAX_LINK_LENGTH", "Resolved", "resolve"]

MAX_LINK_LENGTH: Final = 2048
BARE_ID: Final = "item_id"
"""What matched where the text was an id, not a link."""
_ID: Final = "{item_id}"
_PLACE: Final = re.compile(r"\{[a-z_]+\}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_USUAL_PORTS: Final = {None, 80, 443}
_LONGEST_HOST: Final = 253  # RFC 1035; to encode many labels takes long


@dataclass(frozen=True, slots=True)
class Resolved:
    """An item, and the form of link that it was named by (`BARE_ID` for an id)."""

    item_idx: int
    form: str


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of urls, taken apart."""

    text: str
    hosts: frozenset[str]
    port: int | None
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


def resolve(snapshot: Snapshot, text: str) -> Resolved:
    """Item that a link or a bare id means.

    Raises
    ------
    ApiProblemError : 422, it is no clean text; 404, it names no item, with the forms that could.
    """
    given, text = text, text.strip()
    if _CONTROL.search(text):
        raise invalid_request("query", "url", "holds control characters, which no link needs")
    index = snapshot.items.index
    for item_id in (given, text, _decoded(text)):
        if item_id is not None and item_id in index:
            return Resolved(index[item_id], BARE_ID)
    link = _split(text)
    if link is not None and "@" in link.netloc:
        raise invalid_request(
            "query", "url", "holds a user name or password, which links to items do not"
        )
    found = {
        index[item_id]: form.text
        for form in _forms(snapshot.site)
        for item_id in (_item_ids(form, link) if link else ())
        if item_id in index
    }
    if not found:
        raise _unknown(snapshot, link)
    item_idx = _best(snapshot, list(found), link)
    return Resolved(item_idx, found[item_idx])


def _split(text: str) -> SplitResult | None:
    """Parts of a link, with or without a scheme; None where it is not one."""
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return None
    bare = text if scheme or text.startswith("//") else f"//{text}"
    try:
        link = urlsplit(bare)
        named = bool(link.hostname) and link.port != 0
    except ValueError:
        return None
    return link if named else None


def _forms(site: SiteAnswer) -> tuple[_Form, ...]:
    templates = (*site.page_url_forms, *filter(None, (site.embed_template,)))
    return _parsed(templates, frozenset(site.hosts))


@lru_cache(maxsize=64)
def _parsed(templates: tuple[str, ...], hosts: frozenset[str]) -> tuple[_Form, ...]:
    forms = []
    for text in templates:
        parts = urlsplit(text)
        own = {parts.hostname or "", *hosts}
        segments = tuple(parts.path.strip("/").split("/"))
        query = tuple(parse_qsl(parts.query))
        forms.append(_Form(text, frozenset(map(_host, own)), parts.port, segments, query))
    return tuple(forms)


def _host(name: str) -> str:
    """A host as it is compared: ASCII, lower-case, without www."""
    try:
        plain = name.encode("idna").decode() if len(name) <= _LONGEST_HOST else name
    except UnicodeError:
        plain = name
    return plain.lower().rstrip(".").removeprefix("www.")


def _item_ids(form: _Form, link: SplitResult) -> Iterator[str]:
    """Every id that a link may name by a form, the longest first."""
    if _host(link.hostname or "") not in form.hosts or not _same_port(form.port, link.port):
        return
    given = link.path.strip("/").split("/")
    if form.segments[-1].endswith(_ID):  # an id with a slash that was not encoded
        n = len(form.segments)
        given = [*given[: n - 1], "/".join(given[n - 1 :])] if len(given) > n else given
    if len(given) != len(form.segments):
        return
    pairs = list(zip(form.segments, map(_decoded, given), strict=True))
    asked = dict(parse_qsl(link.query, max_num_fields=None))
    pairs += [(template, asked.get(name)) for name, template in form.query]
    if all(text is not None and _matches(template, text) for template, text in pairs):
        for template, text in pairs:
            if _ID in template:
                yield from _ids_within(template, text or "")


def _same_port(one: int | None, other: int | None) -> bool:
    return one == other or {one, other} <= _USUAL_PORTS


def _matches(template: str, text: str) -> bool:
    return _pattern(template).fullmatch(text) is not None


def _ids_within(template: str, text: str) -> Iterator[str]:
    """Ids that a part of a link may hold: what stands before one may hold its separator too."""
    before, after = template.split(_ID, 1)
    separator = _PLACE.split(before)[-1]
    ends = [end for end in range(len(text), 0, -1) if _pattern(after).fullmatch(text, end)]
    for start in range(len(separator), len(text)):
        if text.startswith(separator, start - len(separator)) and _pattern(before).fullmatch(
            text, 0, start
        ):
            yield from (text[start:end] for end in ends if end > start)


@lru_cache(maxsize=256)
def _pattern(template: str) -> re.Pattern[str]:
    literals = _PLACE.split(template)
    return re.compile(".*".join(map(re.escape, literals)), re.DOTALL)


def _decoded(text: str) -> str | None:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        return None


def _best(snapshot: Snapshot, item_idxs: list[int], link: SplitResult | None) -> int:
    """The item whose own page the link is, else the first."""
    for item_idx in item_idxs if len(item_idxs) > 1 else ():
        url = orjson.loads(b"{" + snapshot.items.cards[item_idx])["url"]
        if url and link and _decoded(urlsplit(url).path) == _decoded(link.path):
            return item_idx
    return item_idxs[0]


def _unknown(snapshot: Snapshot, link: SplitResult | None) -> ApiProblemError:
    site = snapshot.site
    forms = [form.text for form in _forms(site)]
    hosts = sorted({host for form in _forms(site) for host in form.hosts})
    elsewhere = link is not None and "." in link.netloc and _host(link.hostname or "") not in hosts
    why = f"is not on {' or '.join(hosts)}" if elsewhere else "names no item that is served"
    return ApiProblemError(
        404,
        f"The link {why}. A bare id is accepted, or a link of one of these forms: "
        f"{', '.join(forms) or 'none'}.",
        kind="unknown-link",
        more={"known": [BARE_ID, *forms]},
    )
