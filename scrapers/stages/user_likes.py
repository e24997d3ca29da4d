"""What users like, user by user; users are found as the crawl goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from scrapy import Request
from scrapy.http import Response

from scrapers.checking import is_id
from scrapers.counts import Count, announced_count, is_short
from scrapers.like_list import LikeList, Row
from scrapers.pages import DirectoryPage, LikesOfPage, UserRow
from scrapers.raw_zone import known_handles, landed_likes_of_items, users_gone
from scrapers.records import LikesPage, UnitKind, UnitState, pseudonym
from scrapers.stages.base import REPEATED, Output
from scrapers.stages.likes import LikesStage, is_unchanged
from scrapers.units import Unit

if TYPE_CHECKING:
    from scrapers.site_spider import SiteSpider

__all__ = ["UserLikesStage"]

_LEADS_WRONG: Final = "next page is none of the site's, or was read"

_MOST_UNITS: Final = 10_000_000  # of a crawl


class UserLikesStage(LikesStage):
    """Reads the likes of users; the ledger knows a user by pseudonym alone.

    Handles that wait for their turn lie in memory, so the directories of users are read anew by
    every process; a page of them is a unit of its own, ``<directory>:<page>``.  Users of whom no
    page has said how many likes they have yet come last: another page may still say it.
    """

    kind: ClassVar[UnitKind] = UnitKind.USER_LIKES

    def __init__(self, spider: SiteSpider) -> None:
        super().__init__(spider)
        self._announced = {item.item_id: item.announced for item in spider.plan.items()}
        self._handles: dict[str, str] = {}
        self._uncounted: dict[str, str] = {}
        self._fresh: deque[str] = deque()
        self._visited = set(spider.directory_urls)
        self._rows: set[tuple[int, str]] = set()  # that directories have listed
        self._n_offered_again = 0
        self._known = spider.ledger.memories(self.kind) if self._is_incremental else {}

    def prepare(self) -> None:
        """Enter the users that earlier crawls have met, and begin to read the directories."""
        plan = self.spider.plan
        self._meet([UserRow(handle) for handle in known_handles(plan.settings.data, plan.site)])
        self.spider.work.add(
            [
                Unit(UnitKind.USER_DIRECTORY, f"{number}:1", payload=url)
                for number, url in enumerate(self.spider.directory_urls, start=1)
            ]
        )

    def candidates(self, limit: int) -> Sequence[str]:
        """Pseudonyms of users who were met and not claimed yet."""
        return [self._fresh.popleft() for _ in range(min(limit, len(self._fresh)))]

    def refill(self) -> bool:
        """Enter users without a count; then offer all once more that other processes left."""
        if self._uncounted:
            self._handles |= self._uncounted
            self._enter([Unit(self.kind, key) for key in self._uncounted])
            self._uncounted = {}
            return True
        counts = self.spider.ledger.counts(self.kind)
        left = counts.get(UnitState.PENDING, 0) + counts.get(UnitState.LEASED, 0)
        if left in {0, self._n_offered_again}:
            return False  # none, or those that this process cannot read, for it never met them
        self._n_offered_again = left
        self._fresh.extend(self._handles)
        return bool(self._fresh)

    def request(self, unit: Unit) -> Request:
        """Request of a page of a directory, or of a user's first page."""
        if unit.kind is UnitKind.USER_DIRECTORY and unit.payload is not None:
            return self.spider.request(
                unit.payload, self.parse_directory, unit, handled=[HTTPStatus.NOT_FOUND]
            )
        return super().request(unit)

    def page_request(
        self, unit: Unit, likes: LikeList, offset: int, url: str | None = None
    ) -> Request:
        """Request of the page that a url names, or of the list's first."""
        place = url or self.spider.liked_url(self._handles[unit.key])
        likes.visit(place)
        return self.list_request(place, unit, likes, offset)

    def read(self, response: Response) -> LikesOfPage | None:
        """What the user likes."""
        return self.spider.read_liked(response)

    def fault(self, page: LikesOfPage, likes: LikeList) -> str:
        """What is wrong with a page that may be right when it is asked for again; else empty."""
        if not self._is_next(page.following) or likes.is_visited(page.following):
            return _LEADS_WRONG
        return super().fault(page, likes)

    def first_url(self, key: str) -> str | None:
        """First page of a user who was met."""
        return self.spider.liked_url(self._handles[key]) if key in self._handles else None

    def records(self, unit: Unit, rows: list[Row]) -> LikesPage:
        """Likes of the user that are of the catalogue."""
        wanted = [row for row in rows if self._is_wanted(row.other)]
        self.tally.counts["off_catalogue"] += len(rows) - len(wanted)
        handle = self._handles[unit.key]
        return LikesPage(
            subject_id=handle,
            user_handles=(handle,) * len(wanted),
            item_ids=tuple(row.other for row in wanted),
            liked_at=tuple(row.liked_at for row in wanted),
            crawled_at=self.spider.now(),
        )

    def parse_directory(self, response: Response, unit: Unit) -> Output:
        """Take the users of a page of a directory, and read its next one."""
        if response.status == HTTPStatus.NOT_FOUND:
            self.tally.counts["directories_missing"] += 1
            yield self.spider.end(unit, UnitState.DONE)
            return
        page = self.spider.read_directory(response)
        number, n = map(int, unit.key.split(":"))
        if page is not None:
            self._meet(page.users)
        fault = "no JSON list" if page is None else self._fault(page, number, response.meta)
        if page is None or fault:
            yield from self.spider.retried(response, fault)
            return
        if page.following and page.users:
            self._visited.add(page.following)
            self.spider.work.add(
                [Unit(UnitKind.USER_DIRECTORY, f"{number}:{n + 1}", payload=page.following)]
            )
        yield self.spider.end(unit, UnitState.DONE, read=len(page.users))

    def settle(self) -> None:
        """Hold what the crawl has landed of each item against what the catalogue announces.

        An item of which less was read than was announced becomes a partial unit of its own: its
        likes are spread over lists of users, some of whom the crawl may never have met.  A user
        who is gone may have liked it, and is not missed.
        """
        counts = self.spider.ledger.counts(self.kind)
        if self._is_incremental or counts.keys() & {UnitState.PENDING, UnitState.LEASED}:
            return
        plan = self.spider.plan
        crawl = (plan.settings.data, plan.site, plan.arguments.run_id)
        read, n_gone = landed_likes_of_items(*crawl), users_gone(*crawl)
        left = self.spider.ledger.named([UnitState.PENDING, UnitState.PARTIAL], _MOST_UNITS)
        named = {unit.key for unit in left if unit.kind is UnitKind.ITEM_LIKES}
        for item_id, announced in self._announced.items():
            n_read = read.get(item_id, 0)
            if announced is not None and is_short(n_read + n_gone, announced):
                why = f"{n_read} of {announced.low} likes: of users that were read"
                self._settle(item_id, announced, UnitState.PARTIAL, n_read, why)
            elif item_id in named:
                self._settle(item_id, announced, UnitState.DONE, n_read)

    def _settle(
        self,
        item_id: str,
        announced: Count | None,
        state: UnitState,
        read: int,
        why: str | None = None,
    ) -> None:
        unit = Unit(UnitKind.ITEM_LIKES, item_id, announced)
        self.spider.sink(self.spider.end(unit, state, read=read, announced=announced, why=why))

    def _fault(self, page: DirectoryPage, number: int, meta: dict[str, Any]) -> str:
        """What is wrong with a page that may be right when it is asked for again; else empty."""
        rows = {(number, repr(row_id)) for row_id in page.row_ids}
        if rows and rows <= self._rows and self.is_asked_again(meta):
            return REPEATED
        if not self._is_next(page.following) or page.following in self._visited:
            return _LEADS_WRONG
        self._rows |= rows
        return ""

    def _is_next(self, url: object) -> bool:
        """Whether a page may name this as its next one: none, or one of the site's."""
        return not url or (isinstance(url, str) and self.spider.is_of_site(url))

    def _meet(self, users: Sequence[UserRow]) -> None:
        """Take the users of a page."""
        self._enter([unit for user in users if (unit := self._unit_of(user)) is not None])

    def _enter(self, units: Sequence[Unit]) -> None:
        """Enter users into the ledger, for this process to claim."""
        if units:
            self.spider.ledger.add(units)
            self._fresh.extend(unit.key for unit in units)

    def _unit_of(self, user: UserRow) -> Unit | None:
        """Unit of a user who is to be read now; None of one who was met or has no id or count."""
        if user.user_handle is None:
            return None
        if not is_id(user.user_handle):
            self.tally.counts["users_rejected"] += 1
            return None
        key = pseudonym(self.spider.plan.site, user.user_handle, self.spider.key)
        if key in self._handles:
            return None
        likes = announced_count(user.announced, None)
        if likes is None:
            self._uncounted[key] = user.user_handle
            return None
        self._uncounted.pop(key, None)
        self._handles[key] = user.user_handle
        if is_unchanged(likes, self._known.get(key)):
            self.tally.counts["lists_unchanged"] += 1
            return None
        return Unit(self.kind, key, likes)

    def _is_wanted(self, item_id: object) -> bool:
        return item_id in self._announced if type(item_id) is str else True
