"""Faults of paging: lists that change while they are read, and pages that lie about the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final

from scrapers.replica.faults.fault import Exchange, Fault, Proceed, Strikes
from scrapers.replica.faults.replies import Reply, answer_of, as_answer, rewritten
from scrapers.replica.live_lists import LiveLists, Row
from scrapers.replica.sketchfab.asked import Kind, url_of, with_query
from scrapers.replica.sketchfab.cursor import encode_cursor
from scrapers.replica.sketchfab.rules import GRID_PAGE_SIZE, MAX_COUNT, like_count_text

__all__ = ["FAULTS"]

_OFTEN: Final = 0.3
_MOST_CHANGES: Final = 4
"""Rows that come or go between two pages: what an overlap of 4 rows makes up for."""
_INSERTIONS: Final = 3
_ROWS_A_DELETION: Final = 200  # another one for so many rows of a list
_FEWEST_ROWS, _MOST_ROWS = 12, 20  # of a page whose size changes


@dataclass(frozen=True, slots=True)
class _Reading:
    """A list in the middle of being read; ``read_to`` rows of it were shown."""

    lists: LiveLists
    subject: int
    read_to: int


def _reading(exchange: Exchange) -> _Reading | None:
    """The list of a request; None for its first page, which is noted."""
    served, asked = exchange.run.served, exchange.asked
    if asked.kind is Kind.USER_LIKES:
        lists, subject = served.likes_of_user, served.world.user_index.get(asked.subject)
    else:
        lists, subject = served.likes_of_item, served.world.item_index.get(asked.subject)
    if subject is None:
        return None
    key = (exchange.fault, "read to", asked.kind, asked.subject)
    read_to: int = exchange.run.memory.get(key, 0)
    exchange.run.memory[key] = max(read_to, asked.position + MAX_COUNT)
    return _Reading(lists, subject, read_to) if asked.position and read_to else None


def _is_among_first(exchange: Exchange, most: int) -> bool:
    """Whether a list has had fewer than `most` of a fault's changes; it now has one more."""
    key = (exchange.fault, "changes", exchange.asked.kind, exchange.asked.subject)
    changes = exchange.run.memory.get(key, 0)
    exchange.run.memory[key] = changes + 1
    return bool(changes < most)


def _random(exchange: Exchange) -> Random:
    return Random(exchange.chance("changes"))  # noqa: S311  a dice, no secret


async def _insert(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """New likes stand at the head before the page is answered."""
    reading = _reading(exchange)
    if reading is None or not _is_among_first(exchange, _INSERTIONS):
        return None
    world, random = exchange.run.served.world, _random(exchange)
    known = set(reading.lists.others(reading.subject))
    likers = exchange.run.served.newcomer_indices
    others = range(len(world.items)) if exchange.asked.kind is Kind.USER_LIKES else likers
    free = [other for other in others if other not in known]
    if not free:
        return None
    new = random.sample(free, min(len(free), random.randint(1, _MOST_CHANGES)))
    reading.lists.change(reading.subject, lambda rows: [*_dated(new, rows), *rows])
    return await proceed()


def _dated(new: list[int], rows: list[Row]) -> list[Row]:
    """New likes, a second newer than the newest, where that has a time."""
    newest = rows[0][1] if rows else None
    return [(other, newest and newest + timedelta(seconds=1)) for other in new]


async def _delete(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """Likes that were shown vanish before the page is answered, and one that was not at most."""
    reading = _reading(exchange)
    if reading is None:
        return None
    n_rows = reading.lists.count(reading.subject)
    if not _is_among_first(exchange, 1 + n_rows // _ROWS_A_DELETION):
        return None
    random = _random(exchange)
    unread = range(reading.read_to, n_rows)
    gone = set(random.sample(unread, min(len(unread), random.randint(0, 1))))
    read = range(min(exchange.asked.position, n_rows))
    gone |= set(random.sample(read, min(len(read), random.randint(2, _MOST_CHANGES) - len(gone))))
    reading.lists.change(
        reading.subject, lambda rows: [row for n, row in enumerate(rows) if n not in gone]
    )
    return await proceed()


async def _reorder(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """What was not shown is shuffled, once, together with the last rows that were."""
    if exchange.asked.kind in _BY_RANK:
        return await proceed() if _shift_ranks(exchange) else None
    reading = _reading(exchange)
    if reading is None or not _is_among_first(exchange, 1):
        return None
    first = max(0, reading.read_to - _MOST_CHANGES)

    def shuffled(rows: list[Row]) -> list[Row]:
        tail = rows[first:]
        _random(exchange).shuffle(tail)
        return rows[:first] + tail

    reading.lists.change(reading.subject, shuffled)
    return await proceed()


def _shift_ranks(exchange: Exchange) -> bool:
    """Once: the last item of the page before, which was shown, trades places with the next."""
    asked, memory = exchange.asked, exchange.run.memory
    memory[exchange.fault, asked.kind, asked.position] = True
    shown = memory.get((exchange.fault, asked.kind, asked.position - GRID_PAGE_SIZE))
    listing = exchange.run.served.listing
    if not shown or asked.position >= len(listing) or not _is_among_first(exchange, 1):
        return False
    last = asked.position - 1
    listing[last], listing[last + 1] = listing[last + 1], listing[last]
    return True


async def _repeat(exchange: Exchange, proceed: Proceed) -> Reply:
    """The rows of the page before, with the `next` of the page that was asked for."""
    position = max(0, exchange.asked.position - MAX_COUNT)
    before = with_query(exchange.scope, **_PLACES[exchange.asked.kind](position))
    answer = as_answer(await answer_of(exchange.run.served, before, exchange.receive))
    if answer is None:
        return await proceed()
    return rewritten(await proceed(), lambda page: {**page, "results": answer.json()["results"]})


async def _loop(exchange: Exchange, proceed: Proceed) -> Reply:
    """The page itself, or the first one, is said to be the next."""
    places = _PLACES[exchange.asked.kind]
    to_first = exchange.chance("to") < 1 / 2
    scope = with_query(exchange.scope, **places(0)) if to_first else exchange.scope

    def looping(page: dict[str, Any]) -> dict[str, Any]:
        if "nextPage" in page:
            return {**page, "nextPage": 1 if to_first else 1 + exchange.asked.position // MAX_COUNT}
        return {**page, "next": url_of(scope)}

    return rewritten(await proceed(), looping)


async def _end_too_early(_exchange: Exchange, proceed: Proceed) -> Reply | None:
    answer = as_answer(await proceed())
    if answer is None or answer.json()["next"] is None:
        return None

    def ended(page: dict[str, Any]) -> dict[str, Any]:
        cursors = {"cursors": {**page["cursors"], "next": None}} if "cursors" in page else {}
        return {**page, "next": None, **cursors}

    return rewritten(answer, ended)


async def _announce_more(exchange: Exchange, proceed: Proceed) -> Reply | None:
    """Rows of struck items say three times as many likes as there are, and fifty more."""
    answer = as_answer(await proceed())
    if answer is None:
        return None
    world, changed = exchange.run.served.world, 0

    def announcing(page: dict[str, Any]) -> dict[str, Any]:
        nonlocal changed
        for row in page.get("results", [page]):
            if not exchange.run.strikes_item(exchange.fault, row["uid"]):
                continue
            changed += 1
            count = world.items[world.item_index[row["uid"]]].like_count * 3 + 50
            if "likeCount" in row:
                row["likeCount"] = count
            if "likeCountText" in row:
                row["likeCountText"] = like_count_text(count)
        return page

    reply = rewritten(answer, announcing)
    return reply if changed else None


async def _resize(exchange: Exchange, _proceed: Proceed) -> Reply:
    """Fewer rows than were asked for; `next` goes on after them."""
    count = _FEWEST_ROWS + int(exchange.chance("rows") * (_MOST_ROWS - _FEWEST_ROWS + 1))
    scope = with_query(exchange.scope, count=count)
    return await answer_of(exchange.run.served, scope, exchange.receive)


def _by_cursor(position: int) -> dict[str, object]:
    return {"cursor": encode_cursor(position) if position else None}


_PLACES: Final[dict[Kind, Callable[[int], dict[str, object]]]] = {
    Kind.ITEM_LIKES: lambda position: {"offset": position},
    Kind.USER_LIKES: _by_cursor,
    Kind.LISTING: _by_cursor,
    Kind.DIRECTORY: _by_cursor,
    Kind.GRID: lambda position: {"page": 1 + position // GRID_PAGE_SIZE},
}
"""Parameters that ask for the page that begins at a row."""

_LIKES: Final = frozenset({Kind.ITEM_LIKES, Kind.USER_LIKES})
_BY_RANK: Final = frozenset({Kind.GRID, Kind.LISTING})
_MODELS: Final = frozenset({Kind.GRID, Kind.LISTING, Kind.MODEL, Kind.USER_LIKES})
_SIZED: Final = frozenset(_PLACES) - {Kind.GRID}

FAULTS: Final = (
    Fault(
        "insert",
        "new likes come in at the head of a list that is being read, 1 to 4 between two pages",
        _insert,
        _LIKES,
        strikes=Strikes.LIST,
        share=_OFTEN,
        least_rows=MAX_COUNT + 1,
    ),
    Fault(
        "delete",
        "2 to 4 likes vanish from a list that is being read, once for every 200 rows",
        _delete,
        frozenset({Kind.ITEM_LIKES}),
        strikes=Strikes.LIST,
        share=_OFTEN,
        least_rows=MAX_COUNT + 1,
    ),
    Fault(
        "reorder",
        "the rest of a list that is being read is shuffled, and ranks of the catalogue shift",
        _reorder,
        frozenset({Kind.ITEM_LIKES, *_BY_RANK}),
        strikes=Strikes.LIST,
        share=_OFTEN,
        least_rows=MAX_COUNT + 1,
    ),
    Fault(
        "repeated-page",
        "the rows of the page before come again",
        _repeat,
        frozenset(_PLACES),
        plays=2,
        strikes=Strikes.LIST,
        least_rows=MAX_COUNT + 1,
        spares_first=True,
    ),
    Fault(
        "next-loop",
        "`next` names the page itself or the first one",
        _loop,
        frozenset(_PLACES),
        plays=2,
    ),
    Fault(
        "next-null-too-early",
        "the first page of a list says that it is the last, every time",
        _end_too_early,
        _LIKES,
        strikes=Strikes.LIST,
        least_rows=MAX_COUNT + 1,
    ),
    Fault(
        "announced-count-wrong",
        "7 % of items announce three times their likes and fifty more, every time",
        _announce_more,
        _MODELS,
        strikes=Strikes.EVERYTHING,
    ),
    Fault(
        "page-size-changes",
        "pages of 12 to 20 rows among those of 24, every time",
        _resize,
        _SIZED,
        share=_OFTEN,
    ),
)
