"""Faults that are switched on: whom each strikes, and how often it was played."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from starlette.types import Scope

from scrapers.replica.faults.fault import Fault, Strikes, chance
from scrapers.replica.faults.replies import Answer, Reply
from scrapers.replica.manners import Manners, RobotsSaid
from scrapers.replica.served import Served
from scrapers.replica.sketchfab.asked import Asked, Kind
from scrapers.replica.wire import Door

__all__ = ["Run"]

_MOST_BAD_ANSWERS: Final = 2
"""Of a page, by all faults that pass: a crawler with four retries is never made to give up."""
_MAX_AGE: Final = re.compile(rb"max-age=(\d+)")
_THROTTLED: Final = HTTPStatus.TOO_MANY_REQUESTS
_OFTEN: Final = 1 / 3
_PAGE_ROWS: Final = 24
_ITEM_KINDS: Final = frozenset({Kind.ITEM_LIKES, Kind.MODEL})
_LISTINGS: Final = frozenset({Kind.GRID, Kind.GRID_PAGE, Kind.LISTING, Kind.DIRECTORY})


@dataclass(eq=False)
class Run:
    """Everything that faults share while a stand-in runs.

    ``requests`` counts pages that were asked for; ``seen`` holds the path and query of the last
    page of each kind that was answered well; ``memory`` is for what a fault remembers.
    """

    faults: Sequence[Fault]
    seed: int
    served: Served
    manners: Manners
    door: Door | None = None
    trap_port: int = 0
    requests: int = 0
    seen: dict[Kind, str] = field(default_factory=dict)
    played: Counter[str] = field(default_factory=Counter)
    memory: dict[tuple[object, ...], Any] = field(default_factory=dict)
    _plays: Counter[tuple[str, Asked]] = field(default_factory=Counter)
    _bad: Counter[Asked] = field(default_factory=Counter)

    def has(self, name: str) -> bool:
        """Whether a fault is switched on."""
        return any(fault.name == name for fault in self.faults)

    def due(self, asked: Asked) -> list[Fault]:
        """Faults to play on a request, outermost first: one that passes at most, then others."""
        struck = [fault for fault in self.faults if self.strikes(fault, asked)]
        passing = [
            fault for fault in struck if fault.plays is not None and self._left(fault, asked)
        ]
        return passing[:1] + [fault for fault in struck if fault.plays is None]

    def plays(self, fault: Fault, asked: Asked) -> int:
        """How often a fault was played on a page so far."""
        return self._plays[fault.name, asked]

    def count(self, fault: Fault, asked: Asked) -> None:
        """A fault was played on a page."""
        self.played[fault.name] += 1
        self._plays[fault.name, asked] += 1
        self._bad[asked] += fault.plays is not None

    def strikes(self, fault: Fault, asked: Asked) -> bool:
        """Whether a page is one of those that a fault strikes: the seed alone decides."""
        if asked.kind not in fault.kinds or (fault.spares_first and not asked.position):
            return False
        if fault.strikes is Strikes.EVERYTHING:
            return True
        if fault.least_rows > 1 and self._rows(asked) < fault.least_rows:
            return False
        whole = fault.strikes is Strikes.LIST
        page = () if whole else (asked.kind, asked.position)
        drawn = chance(self.seed, fault.name, asked.subject, *page)
        return drawn < fault.share or self._is_chosen(fault, asked, whole=whole)

    def strikes_item(self, name: str, item_id: str) -> bool:
        """Whether an item is one of those that a fault strikes in every list that names it."""
        fault = next(fault for fault in self.faults if fault.name == name)
        item = replace(fault, kinds=_ITEM_KINDS, strikes=Strikes.LIST)
        return self.strikes(item, Asked(Kind.ITEM_LIKES, item_id))

    def hides(self, kind: Kind, subject: str) -> bool:
        """Whether a list is never shown, although others name its subject."""
        hiding = [fault for fault in self.faults if fault.name == "status-404-listed"]
        return any(self.strikes(fault, Asked(kind, subject)) for fault in hiding)

    def _left(self, fault: Fault, asked: Asked) -> bool:
        if self._bad[asked] >= _MOST_BAD_ANSWERS:
            return False
        most = fault.plays or 0
        if chance(self.seed, fault.name, asked, "plays") > _OFTEN:
            most = min(most, 1)
        return self._plays[fault.name, asked] < most

    def _is_chosen(self, fault: Fault, asked: Asked, *, whole: bool) -> bool:
        """Whether it is the one page of its kind that a fault strikes whatever the hash says."""
        drawn = chance(self.seed, fault.name, "" if whole else asked.kind)
        if asked.kind in _LISTINGS:
            late = self._rows(asked) > _PAGE_ROWS and (fault.plays is None or drawn < 1 / 2)
            return whole or asked.position == (_PAGE_ROWS if late else 0)
        subjects = self._subjects(asked.kind, fault.least_rows)
        if not subjects or not (whole or asked.position == 0):
            return False
        return asked.subject == subjects[int(drawn * (len(subjects) + 1) / 2)]

    def _subjects(self, kind: Kind, least_rows: int) -> Sequence[str]:
        """Subjects whose lists are long enough, the longest lists of items first."""
        world = self.served.world
        key = ("subjects", kind, least_rows, self.served.version)
        if key not in self.memory:
            if kind is Kind.USER_LIKES:
                count = world.likes_of_user.count
                names = [u for n, u in enumerate(world.users) if count(n) >= least_rows]
            else:
                names = [i.item_id for i in world.items if i.like_count >= least_rows]
            self.memory[key] = names
        found: Sequence[str] = self.memory[key]
        return found

    def _rows(self, asked: Asked) -> int:
        world = self.served.world
        if asked.kind is Kind.DIRECTORY:
            return len(world.users)
        if asked.kind in _LISTINGS:
            return len(world.items)
        if asked.kind is Kind.USER_LIKES:
            user = world.user_index.get(asked.subject)
            return 0 if user is None else world.likes_of_user.count(user)
        item = world.item_index.get(asked.subject)
        return 0 if item is None else world.items[item].like_count

    def turn(self, name: str, earliest: int, latest: int) -> int:
        """Number of requests after which a fault sets in."""
        return earliest + int(chance(self.seed, name, "turn") * (latest - earliest + 1))

    def saw(self, asked: Asked, scope: Scope, reply: Reply) -> None:
        """An answer is about to be sent: remember what later faults and figures go by."""
        if not isinstance(reply, Answer):
            return
        if asked.kind is Kind.ROBOTS:
            self.manners.robots_said(*_meaning(reply))
        elif reply.status == HTTPStatus.OK:
            query = scope["query_string"].decode("latin-1")
            self.seen[asked.kind] = f"{scope['raw_path'].decode('latin-1')}?{query}"


def _meaning(robots: Answer) -> tuple[RobotsSaid, float]:
    """What a robots.txt says to a crawler, and for how many seconds that holds."""
    ages = [_MAX_AGE.search(value) for name, value in robots.headers if name == b"cache-control"]
    max_age_s = next((float(age[1]) for age in ages if age), math.inf)
    if robots.status >= HTTPStatus.INTERNAL_SERVER_ERROR or robots.status == _THROTTLED:
        return RobotsSaid.FAILING, max_age_s
    disallows = robots.status == HTTPStatus.OK and b"Disallow: /" in robots.body
    return RobotsSaid.DISALLOWED if disallows else RobotsSaid.ALLOWED, max_age_s
