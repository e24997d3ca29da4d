"""Records checked on the way in: types, ranges, lengths, text without control characters.

A text is cleaned (control, bidi and surrogate characters out, NFC) and never cut or trimmed.
An id is opaque: one that cleaning would change is a fault, because it would be another id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from scrapers.errors import Fault, RecordError
from scrapers.records import FeatureRecord, ItemRecord, SiteRecord, Thumbnail

__all__ = ["check", "check_id", "check_instant", "clean_text", "is_id", "is_plain_id"]

_R = TypeVar("_R", bound=SiteRecord | ItemRecord | FeatureRecord)
_Checked: TypeAlias = Any  # whatever a check makes of a value
_Check = Callable[[object], _Checked]

_ID_LENGTH: Final = 200
_TEXT_LENGTH: Final = 10_000
_NAME_LENGTH: Final = 500
_URL_LENGTH: Final = 2_083  # what Scrapy itself will ask for
_MOST_NAMES: Final = 1_000
_MOST_PICTURES: Final = 100
_MOST_PIXELS: Final = 100_000
_HIGHEST_COUNT: Final = 10**12
_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=1)

_UNWANTED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of a text
    "\ud800-\udfff]"  # halves of surrogate pairs, which UTF-8 cannot hold
)
_PLAIN_ID: Final = re.compile(rf"[!-~]{{1,{_ID_LENGTH}}}")


def clean_text(text: str) -> str:
    """The text without control, bidi and surrogate characters, in NFC."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text))


def is_plain_id(value: object) -> bool:
    """Whether a value is an id of printable ASCII, which needs no further look."""
    return type(value) is str and _PLAIN_ID.fullmatch(value) is not None


def check(record: _R) -> _R:
    """The cleaned record.

    Values may be of any type, as they come from a site; instants may be ISO 8601 texts.

    Raises
    ------
    RecordError : every fault that was found.
    """
    checks = _CHECKS[type(record)]
    cleaned: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields(record):
        try:
            cleaned[field.name] = checks[field.name](getattr(record, field.name))
        except ValueError as err:
            faults.append(Fault(field.name, str(err)))
    if faults:
        raise RecordError(faults)
    return type(record)(**cleaned)


def check_id(value: object) -> str:
    """The id as it is.

    Raises
    ------
    ValueError : no text, empty, too long, or holding what cleaning would take out.
    """
    if is_plain_id(value):
        return str(value)
    text = _typed(value, str, "text")
    if not text.strip():
        raise ValueError("is empty")
    if clean_text(text) != text:
        raise ValueError("holds control or bidi characters, or is not in NFC")
    return _limited(text, _ID_LENGTH)


def is_id(value: object) -> bool:
    """Whether `check_id` passes a value."""
    try:
        check_id(value)
    except ValueError:
        return False
    return True


def check_instant(value: object) -> datetime | None:
    """Instant in UTC; a text without a zone is taken for UTC; None stays None.

    Raises
    ------
    ValueError : neither text nor datetime, no ISO 8601, or out of range.
    """
    if value is None:
        return None
    if type(value) is str:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("is not an ISO 8601 instant") from None
    instant: datetime = _typed(value, datetime, "an ISO 8601 instant")
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of the calendar") from None
    if not _OLDEST <= instant <= datetime.now(UTC) + _CLOCK_SKEW:
        raise ValueError(f"lies before {_OLDEST:%Y} or in the future")
    return instant


def _typed(value: object, kind: type | tuple[type, ...], name: str) -> _Checked:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"is {type(value).__name__}, expected {name}")  # noqa: TRY004  a fault like others
    return value


def _limited(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(f"has {len(text)} characters, at most {limit} are kept")
    return text


def _text(limit: int) -> _Check:
    """Check of a text that may be absent; one that is empty once cleaned is absent."""

    def checked(value: object) -> str | None:
        if value is None:
            return None
        return _limited(clean_text(_typed(value, str, "text")), limit) or None

    return checked


def _required(inner: _Check) -> _Check:
    def checked(value: object) -> _Checked:
        found = inner(value)
        if found is None:
            raise ValueError("is missing")
        return found

    return checked


def _whole(least: int, most: int) -> _Check:
    def checked(value: object) -> int | None:
        if value is None:
            return None
        number: int = _typed(value, int, "a whole number")
        if not least <= number <= most:
            raise ValueError(f"is not between {least} and {most}")
        return number

    return checked


def _url(value: object) -> str | None:
    text: str | None = _text(_URL_LENGTH)(value)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise ValueError("is not a url") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("is not a url of http or https")
    if parts.username is not None or parts.password is not None:
        raise ValueError("is a url with credentials")
    return text


def _many(inner: _Check, limit: int) -> _Check:
    """Check of a sequence: absent ones are dropped, repeated ones kept once, in order."""

    def checked(value: object) -> tuple[Any, ...]:
        values: Sequence[object] = () if value is None else _typed(value, (list, tuple), "a list")
        if len(values) > limit:
            raise ValueError(f"has {len(values)} values, at most {limit} are kept")
        return tuple(dict.fromkeys(_present(inner, values)))

    return checked


def _present(inner: _Check, values: Iterable[object]) -> Iterable[Any]:
    return (found for found in map(inner, values) if found is not None)


def _thumbnail(value: object) -> Thumbnail:
    picture: Thumbnail = _typed(value, Thumbnail, "a picture")
    side = _required(_whole(1, _MOST_PIXELS))
    return Thumbnail(_required(_url)(picture.url), side(picture.width), side(picture.height))


_names: Final = _many(_text(_NAME_LENGTH), _MOST_NAMES)
_count: Final = _whole(0, _HIGHEST_COUNT)
_crawled_at: Final = _required(check_instant)

_CHECKS: Final[Mapping[type, Mapping[str, _Check]]] = {
    SiteRecord: {
        "title": _required(_text(_NAME_LENGTH)),
        "base_url": _required(_url),
        "hosts": _names,
        "page_url_forms": _many(_url, _MOST_NAMES),
        "embed_template": _url,
        "picture_hosts": _names,
        "crawled_at": _crawled_at,
    },
    ItemRecord: {
        "item_id": check_id,
        "title": _text(_TEXT_LENGTH),
        "like_count": _count,
        "like_count_text": _text(_NAME_LENGTH),
        "url": _url,
        "crawled_at": _crawled_at,
    },
    FeatureRecord: {
        "item_id": check_id,
        "title": _text(_TEXT_LENGTH),
        "creator": _text(_NAME_LENGTH),
        "license": _text(_NAME_LENGTH),
        "like_count": _count,
        "view_count": _count,
        "published_at": check_instant,
        "url": _url,
        "embed_url": _url,
        "tags": _names,
        "categories": _names,
        "thumbnails": _many(_thumbnail, _MOST_PICTURES),
        "crawled_at": _crawled_at,
    },
}
