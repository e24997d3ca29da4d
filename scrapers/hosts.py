"""What is known of each host: the pauses it asked for, how it answers, whether it is left alone."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from scrapers.errors import CrawlStoppingError, LeftAloneError

if TYPE_CHECKING:
    from scrapers.robots import RobotsFile

__all__ = ["Host", "Hosts", "Manners", "hosts_of", "is_bad", "retry_after_s"]

_FAILING_AFTER: Final = 5  # bad answers in a row: the host is ill, not one of its pages
_FORBIDDEN_MOST: Final = 10  # refusals in a row: the host wants no crawl
_KEPT_URLS: Final = 4  # pages that were well, to ask a host by whether it is
_MOST_DOUBLINGS: Final = 32
_PAUSING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_FORBIDDING: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_REDIRECTING: Final = range(300, 400)  # where it was followed nobody asks
_PASSING: Final = frozenset({401, 403, 408, 421, 425, 429})  # of 4xx; a check for bots may pass
_FAULTY: Final = 500  # and above, invented ones too

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a crawl treats a host that does not answer well; seconds, and ``retry_times`` attempts.

    ``workers`` processes share what a host may be asked.
    """

    patience_s: float
    retry_times: int
    backoff_s: float
    backoff_max_s: float
    retry_after_max_s: float
    workers: int = 1

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Manners that the settings ask for."""
        return cls(
            patience_s=settings.getfloat("PATIENCE_S"),
            retry_times=settings.getint("RETRY_TIMES"),
            backoff_s=settings.getfloat("RETRY_BACKOFF_S"),
            backoff_max_s=settings.getfloat("RETRY_BACKOFF_MAX_S"),
            retry_after_max_s=settings.getfloat("RETRY_AFTER_MAX_S"),
            workers=settings.getint("CRAWL_WORKERS", 1),
        )

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, at least one: full jitter.

        References
        ----------
        Brooker 2015, "Exponential backoff and jitter" (AWS Architecture Blog).
        """
        return random.uniform(0.0, self.longest_backoff(failures))  # noqa: S311  no secret

    def longest_backoff(self, failures: int) -> float:
        """Seconds that `backoff` never exceeds."""
        return min(self.backoff_max_s, self.backoff_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


class Host:
    """One host; instants are of the monotonic clock.

    ``left_alone`` is why nothing more is asked of it in this crawl, None while it may be asked.
    ``delay_s`` is the least between two requests, ``crawl_delay_s`` what its robots.txt asks for.
    ``well_urls`` are some of the pages that it answered well; while ``is_proving``, only those are
    asked for.
    """

    def __init__(self, name: str, manners: Manners) -> None:
        self.name = name
        self.left_alone: str | None = None
        self.crawl_delay_s = 0.0
        self.delay_s = 0.0
        self.is_proving = False
        self.sent_at = -inf
        self.well_at = -inf
        self.well_urls: deque[str] = deque(maxlen=_KEPT_URLS)
        self._manners = manners
        self._asked_until = -inf
        self._held_until = -inf
        self._failing_since: float | None = None
        self._failures = 0
        self._holds = 0
        self._forbidden = 0

    @property
    def opens_at(self) -> float:
        """When the host may be asked again; in the past where it may be now."""
        return max(self._asked_until, self._held_until)

    @property
    def is_failing(self) -> bool:
        """Whether the last answers were all bad; then one request at a time is made."""
        return self._failures >= _FAILING_AFTER

    def check(self) -> None:
        """Raise `LeftAloneError` where the host is left alone."""
        if self.left_alone is not None:
            raise LeftAloneError(self.left_alone)

    def note_answer(self, url: str, status: int, retry_after: bytes | None) -> None:
        """What an answer says of the host, before the next request is sent."""
        self.note_pause(status, retry_after)
        self._forbidden = self._forbidden + 1 if status in _FORBIDDING else 0
        if self._forbidden >= _FORBIDDEN_MOST:
            self._leave_alone(f"status {status} came {self._forbidden} times in a row")
        if is_bad(status) and status not in _REDIRECTING:
            self.note_failure()
        else:
            self._failures = self._holds = 0
            self._failing_since = None
            self._held_until = -inf
            self.well_at = time.monotonic()
            if status == HTTPStatus.OK and url not in self.well_urls:
                self.well_urls.append(url)

    def note_failure(self) -> None:
        """A bad answer, or none: with many in a row the host is held, ever longer."""
        now = time.monotonic()
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= self._manners.patience_s:
            self._leave_alone(f"no good answer for {now - self._failing_since:.0f} s")
        if self.is_failing and now >= self._held_until:
            self._holds += 1
            most = self._manners.longest_backoff(self._holds)
            self._held_until = now + random.uniform(most / 2, most)  # noqa: S311  as above

    def note_pause(self, status: int, retry_after: bytes | None) -> None:
        """Hold the host for as long as an answer asks for, if it does."""
        seconds = retry_after_s(retry_after, datetime.now(UTC))
        if not seconds or status not in _PAUSING:
            return
        most = self._manners.retry_after_max_s
        if seconds > most:
            self._leave_alone(f"the site asks for a pause of {seconds:.0f} s, over {most:.0f} s")
            return
        self._asked_until = max(self._asked_until, time.monotonic() + seconds)

    def _leave_alone(self, why: str) -> None:
        if self.left_alone is None:
            self.left_alone = f"{self.name} is left alone: {why}"
            _log.error(
                "%s; crawl again later, what is missing waits in the ledger", self.left_alone
            )


class Hosts:
    """All hosts of a crawl, and its waits, which end when the crawl is told to stop.

    ``robots`` are the robots.txt files by origin; ``changed`` is called when one was read anew.
    """

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self.robots: dict[str, RobotsFile] = {}
        self.changed: Callable[[], None] = _nothing
        self._hosts: dict[str, Host] = {}
        self._stopping = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether the crawl was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """End all waits, now and from now on."""
        self._stopping.set()

    def of(self, url: str) -> Host:
        """Host of a url, all its ports taken together."""
        name = urlsplit(url).hostname or ""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, self.manners)
        return host

    def note_failure(self, url: str) -> None:
        """No answer: of its host, and of what waits for it."""
        host = self.of(url)
        host.note_failure()
        if host.left_alone is not None:
            self.changed()

    async def pause(self, seconds: float) -> None:
        """Wait.

        Raises
        ------
        CrawlStoppingError : the crawl was told to stop, before or meanwhile.
        """
        try:
            await asyncio.wait_for(self._stopping.wait(), max(seconds, 0.0))
        except TimeoutError:
            return
        raise CrawlStoppingError

    async def until_open(self, host: Host) -> None:
        """Wait until a host may be asked.

        Raises
        ------
        LeftAloneError : the host is not to be asked any more.
        CrawlStoppingError : the crawl was told to stop.
        """
        host.check()
        while (left := host.opens_at - time.monotonic()) > 0:
            await self.pause(left)
            host.check()


def hosts_of(crawler: Crawler) -> Hosts:
    """Hosts of a crawl under way."""
    hosts = getattr(crawler.engine.downloader, "hosts", None)
    if not isinstance(hosts, Hosts):
        raise TypeError("the setting DOWNLOADER names no scrapers.politeness.PoliteDownloader")
    return hosts


def is_bad(status: int) -> bool:
    """Whether an answer of this status may be a better one another time."""
    return status in _REDIRECTING or status in _PASSING or status >= _FAULTY


def retry_after_s(header: bytes | None, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, in either form; None without one that makes sense."""
    text = (header or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # of its parser, by kind of nonsense
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())


def _nothing() -> None:
    """No one listens yet."""
