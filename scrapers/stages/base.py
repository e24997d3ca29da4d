"""What the stages have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from scrapy import Request
from scrapy.http import Response

from scrapers.records import GONE, UnitKind, UnitState
from scrapers.retrying import retry_request
from scrapers.units import EndedUnit, Unit

if TYPE_CHECKING:
    from scrapers.site_spider import SiteSpider

__all__ = ["REPEATED", "Output", "StageWork"]

REPEATED: Final = "a page that was read comes again"

_MISSED: Final = "missed"  # mark of a request whose page was not there once
_REPEATS: Final = "repeats"  # of a request, how often its page was one that was read
_MOST_REPEATS: Final = 2
_READ_BEFORE: Final = 20  # units; a few are still there

Output = Iterator[Request | EndedUnit]


class StageWork(ABC):
    """One stage of a crawl: which units there are, how each begins, and what it has read."""

    kind: ClassVar[UnitKind]

    def __init__(self, spider: SiteSpider) -> None:
        self.spider = spider
        self.tally = spider.tally

    @abstractmethod
    def prepare(self) -> None:
        """Enter into the ledger what is known to be visited; what it knows stays as it is."""

    @abstractmethod
    def request(self, unit: Unit) -> Request:
        """The request with which a unit begins."""

    def enter(self, units: Sequence[Unit]) -> None:
        """Enter all units of the stage into the ledger, and count what it holds."""
        self.spider.ledger.add(units)
        states = self.spider.ledger.counts(self.kind)
        unread = states.get(UnitState.PENDING, 0) + states.get(UnitState.LEASED, 0)
        self.tally.total = sum(states.values())
        self.tally.ended_before = self.tally.total - unread

    def candidates(self, limit: int) -> Sequence[str] | None:
        """At most `limit` keys that may be claimed, each given once; None for any."""
        del limit
        return None

    def refill(self) -> bool:
        """Whether there are more units, now that all have ended."""
        return False

    def settle(self) -> None:  # noqa: B027  most stages have nothing to compare
        """Compare what can be compared once the crawl has come to its own end."""

    def given_up(self, request: Request, why: str) -> EndedUnit:
        """End of a unit whose page cannot be had, with what was read of it before."""
        return self.spider.end(request.meta["unit"], UnitState.FAILED, why=why)

    def first_url(self, key: str) -> str | None:
        """Page with which a unit began, where it can be told by the unit's key."""
        del key
        return None

    def urls_read_before(self) -> list[str]:
        """First pages of a few units that the crawl has read."""
        done = self.spider.ledger.named([UnitState.DONE], _READ_BEFORE, [self.kind])
        urls = (self.first_url(unit.key) for unit in done if unit.why != GONE)
        return [url for url in urls if url is not None]

    def is_asked_again(self, meta: dict[str, Any]) -> bool:
        """Whether a request whose page is one that was read is to be made once more."""
        meta[_REPEATS] = meta.get(_REPEATS, 0) + 1
        return bool(meta[_REPEATS] <= _MOST_REPEATS)

    def gone(self, response: Response) -> Output:
        """End of a unit that is not there when it is asked for twice."""
        request = response.request
        if request is None:
            raise ValueError("an answer without its request cannot be asked for again")
        if not request.meta.get(_MISSED):
            again = retry_request(request, "status 404", self.spider)
            if again is None:
                yield self.given_up(request, "status 404")
                return
            again.meta[_MISSED] = True
            yield again
            return
        self.tally.counts[GONE] += 1
        yield self.spider.end(request.meta["unit"], UnitState.DONE, whole=True, why=GONE)
