"""Faults of drift: a site whose pages have changed since the crawler was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from scrapers.replica.faults.fault import Exchange, Fault, Proceed, Strikes, chance
from scrapers.replica.faults.replies import Reply, as_answer, rewritten
from scrapers.replica.sketchfab.asked import Kind

__all__ = ["FAULTS"]

_Json: TypeAlias = Any
_Change: TypeAlias = Callable[[_Json], _Json]

_GONE_SHARE: Final = 0.3
_PAGE_FIELDS: Final = ("results", "next")


def _choice(exchange: Exchange, options: Sequence[Any], *words: str) -> Any:  # noqa: ANN401
    """One of the options for the whole run."""
    return options[int(chance(exchange.run.seed, exchange.fault, *words) * len(options))]


def _family(exchange: Exchange) -> str:
    return "likes" if exchange.asked.kind is Kind.ITEM_LIKES else "models"


async def _rename(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """A field that every page or row had has another name."""
    family = _family(exchange)
    old, new = _choice(exchange, _RENAMED[family], family)

    def renamed(values: _Json) -> _Json:
        return {new if name == old else name: value for name, value in values.items()}

    return await _with_changed_fields(proceed, old, renamed)


async def _retype(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """A field has values of another type."""
    family = _family(exchange)
    field, change = _choice(exchange, _RETYPED[family], family)

    def retyped(values: _Json) -> _Json:
        if values.get(field) is None:
            return values
        return {**values, field: change(values[field])}

    return await _with_changed_fields(proceed, field, retyped)


async def _thin_out(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """An optional field stands in seven rows of ten only."""
    family, seed = _family(exchange), exchange.run.seed
    field = _choice(exchange, _OPTIONAL[family], family)

    def thinned(row: _Json) -> _Json:
        if chance(seed, exchange.fault, exchange.asked.subject, row["uid"]) >= _GONE_SHARE:
            return row
        return {name: value for name, value in row.items() if name != field}

    return await _with_changed_fields(proceed, field, thinned)


async def _with_changed_fields(proceed: Proceed, field: str, change: _Change) -> Reply | None:
    """Answer with the page changed, or its rows, wherever the field belongs."""
    answer = as_answer(await proceed())
    if answer is None:
        return None

    def changed(page: _Json) -> _Json:
        if field in _PAGE_FIELDS or "results" not in page:
            return change(page)
        return {**page, "results": [change(row) for row in page["results"]]}

    reply = rewritten(answer, changed)
    return None if reply == answer else reply


async def _restyle(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """The grid and its script use another class or attribute."""
    answer = as_answer(await proceed())
    if answer is None:
        return None
    old, new = _choice(exchange, _STYLES)
    body = answer.body.replace(old, new)
    return None if body == answer.body else replace(answer, body=body)


def _number(text: str) -> int:
    return int(chance(text) * 10**9)


def _by_position(rows: list[_Json]) -> dict[str, _Json]:
    return {str(n): row for n, row in enumerate(rows)}


def _in_words(number: int) -> str:
    return f"{number:,} likes"


def _wrapped(value: _Json) -> dict[str, _Json]:
    return {"value": value}


_RENAMED: Final = {
    "likes": (("uid", "userUid"), ("results", "items"), ("next", "nextUrl")),
    "models": (("uid", "id"), ("likeCount", "likesCount"), ("name", "title"), ("tags", "labels")),
}
_RETYPED: Final[dict[str, Sequence[tuple[str, _Change]]]] = {
    "likes": (("uid", _number), ("results", _by_position), ("uid", _wrapped)),
    "models": (("uid", _number), ("likeCount", _in_words), ("name", _wrapped), ("tags", str)),
}
_OPTIONAL: Final = {
    "likes": ("likedAt", "displayName"),
    "models": ("tags", "license", "publishedAt", "viewCount", "categories", "user"),
}
_STYLES: Final = (
    (b'class: "item"', b'class: "card"'),
    (b"infinite-grid", b"endless-grid"),
    (b'"data-uid"', b'"data-model"'),
)

_JSON: Final = frozenset({Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.LISTING, Kind.MODEL})

FAULTS: Final = (
    Fault(
        "field-renamed",
        "a field of likes and one of models have another name, everywhere",
        _rename,
        _JSON,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "type-changed",
        "a field of likes and one of models are of another type, everywhere",
        _retype,
        _JSON,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "field-gone-30-percent",
        "an optional field of likes and one of models are gone from 30 % of rows",
        _thin_out,
        _JSON,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "dom-class-changed",
        "the grid uses another class or attribute, and its script knows",
        _restyle,
        frozenset({Kind.GRID_PAGE, Kind.SCRIPT}),
        strikes=Strikes.EVERYTHING,
    ),
)
