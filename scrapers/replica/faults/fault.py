"""What a fault is, whom it strikes, and what it may do to an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.types import Receive, Scope, Send

from scrapers.replica.faults.replies import Reply
from scrapers.replica.sketchfab.asked import Asked, Kind

if TYPE_CHECKING:
    from scrapers.replica.faults.run import Run

__all__ = ["PAGES", "Act", "Exchange", "Fault", "Proceed", "Strikes", "chance"]

PAGES: Final = frozenset(Kind) - {Kind.SCRIPT, Kind.ROBOTS}
"""Pages that a crawl is made of."""


class Strikes(Enum):
    """What stands or falls together when a fault chooses by the seed."""

    PAGE = "page"
    LIST = "list"
    EVERYTHING = "everything"


@dataclass(slots=True)
class Exchange:
    """One request under way.

    ``play`` counts from 0 the times that the fault was played on its page; ``counts`` says
    whether what is done now is one more.
    """

    scope: Scope
    receive: Receive
    send: Send
    asked: Asked
    run: Run
    fault: str = ""
    play: int = 0
    counts: bool = True

    def chance(self, *words: object) -> float:
        """Number in [0, 1) that follows from the seed, the fault, the page and `words`."""
        asked = self.asked
        return chance(self.run.seed, self.fault, asked.subject, asked.position, *words)


Proceed: TypeAlias = Callable[[], Awaitable[Reply]]
"""Gives what would be answered without this fault."""
Act: TypeAlias = Callable[[Exchange, Proceed], Awaitable[Reply | None]]
"""Gives what is answered with it; None where it leaves this one alone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: its name, one line for people, and what it does to the pages that it strikes.

    Parameters
    ----------
    plays : how often, at most, a page that is struck is answered badly; None is for ever.
    share : of the pages or lists that are struck.
    least_rows : lists with fewer rows are not struck, because it could not be seen.
    spares_first : the first page of a list is never struck.
    """

    name: str
    does: str
    act: Act
    kinds: frozenset[Kind]
    plays: int | None = None
    strikes: Strikes = Strikes.PAGE
    share: float = 0.07
    least_rows: int = 1
    spares_first: bool = False


def chance(*words: object) -> float:
    """Number in [0, 1) that follows from `words` alone, evenly spread."""
    digest = hashlib.sha256("\0".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
