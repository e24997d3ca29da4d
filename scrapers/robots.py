"""robots.txt as RFC 9309 says: one that cannot be had disallows everything, an old one is no use.

Scrapy's own middleware takes an error for leave, and reads the file once.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from math import inf
from typing import Final, Self
from urllib.parse import urljoin

from protego import Protego
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.settings import BaseSettings

from scrapers.arguments import origin
from scrapers.errors import CrawlStoppingError, LeftAloneError
from scrapers.hosts import Host, Hosts, hosts_of

__all__ = ["RobotsFile", "RobotsMiddleware", "is_robots_request", "max_age_s"]

_MOST_BYTES: Final = 500 * 1024  # RFC 9309, 2.5: at least so much is parsed
_MOST_HOPS: Final = 5  # RFC 9309, 2.3.1.2
_MOST_CRAWL_DELAY_S: Final = 60.0
_REREAD_AFTER_S: Final = 60.0  # s; refusals ask for a new look no oftener
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FORBIDDING: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_WITHOUT_SIGNALS: Final = (AttributeError, NotImplementedError, RuntimeError, ValueError)
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.IGNORECASE)

_log = logging.getLogger(__name__)


class _UnavailableError(Exception):
    """One try to have a robots.txt failed; says why."""


class RobotsFile:
    """The robots.txt of one origin, read when it is needed and read again when it is old.

    Parameters
    ----------
    ask : sends one request for the file.
    """

    def __init__(
        self,
        site: str,
        hosts: Hosts,
        settings: BaseSettings,
        ask: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._site = site
        self._hosts = hosts
        self._host: Host = hosts.of(site)
        self._ask = ask
        self._agent: str = settings["ROBOTSTXT_USER_AGENT"]
        self._least_s = settings.getfloat("ROBOTS_MIN_AGE_S")
        self._most_s = settings.getfloat("ROBOTS_MAX_AGE_S")
        self._rules: Protego | None = None
        self._read_at = self._expires_at = -inf
        self._refusal: str | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether the rules are known and young enough to go by.

        A reading lasts until a request can follow it, however slow the host is to be asked.
        """
        lasts_until = max(self._expires_at, self._read_at + 2 * self._host.delay_s)
        return time.monotonic() < min(lasts_until, self._read_at + self._most_s)

    def check(self, url: str) -> None:
        """Pass where nothing that is known speaks against a url, be it fresh or not.

        Raises
        ------
        LeftAloneError : the rules could not be had for as long as patience lasts.
        IgnoreRequest : the rules disallow it.
        """
        if self._refusal is not None:
            raise LeftAloneError(self._refusal)
        if self._rules is not None and not self._rules.can_fetch(url, self._agent):
            raise IgnoreRequest("robots.txt disallows it")

    def expire(self, *, younger_than_s: float = inf) -> None:
        """Have the rules read again before anything else is asked, unless they were just read."""
        if younger_than_s == inf or time.monotonic() - self._read_at > younger_than_s:
            self._expires_at = self._read_at = -inf

    async def until_fresh(self) -> None:
        """Wait until the rules are fresh, or given up.

        Raises
        ------
        CrawlStoppingError : the crawl was told to stop.
        """
        while self._refusal is None and not self.is_fresh:
            await asyncio.shield(self.refresh())

    def refresh(self) -> asyncio.Task[None]:
        """The reading under way, begun where there is none."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
            self._reading.add_done_callback(_retrieve)
        return self._reading

    async def _read(self) -> None:
        try:
            await self._read_in_patience()
        finally:
            self._hosts.changed()

    async def _read_in_patience(self) -> None:
        begun = time.monotonic()
        tries = 0
        while True:
            try:
                self._take(await self._fetch())
            except _UnavailableError as err:
                tries += 1
                waited_s = time.monotonic() - begun
                if waited_s >= self._hosts.manners.patience_s:
                    self._give_up(str(err), waited_s)
                    return
                self._tell(str(err), tries)
            else:
                return
            await self._hosts.pause(self._hosts.manners.backoff(tries))

    async def _fetch(self) -> Response:
        """The answer that counts; its status is 200, or one that means that there is no file."""
        url = f"{self._site}/robots.txt"
        for _ in range(_MOST_HOPS + 1):
            response = await self._asked(url)
            location = response.headers.get(b"Location")
            if response.status not in _REDIRECTS or location is None:
                break
            url = urljoin(url, location.decode("latin-1"))
            if origin(url) != self._site:
                raise _UnavailableError("it redirects off the site")
        else:
            raise _UnavailableError(f"it redirects more than {_MOST_HOPS} times")
        if response.status != HTTPStatus.OK and not _is_absent(response.status):
            raise _UnavailableError(f"status {response.status}")
        return response

    async def _asked(self, url: str) -> Response:
        meta = {
            "is_robots_txt": True,
            "dont_redirect": True,
            "dont_retry": True,
            "handle_httpstatus_all": True,
        }
        request = Request(url, meta=meta, callback=NO_CALLBACK, dont_filter=True)
        try:
            return await self._ask(request)
        except CrawlStoppingError:
            raise
        except Exception as err:  # whatever it was: unreachable
            why = str(err) if isinstance(err, IgnoreRequest) else type(err).__name__
            raise _UnavailableError(why) from err

    def _take(self, response: Response) -> None:
        body = response.body[:_MOST_BYTES] if response.status == HTTPStatus.OK else b""
        self._rules = Protego.parse(body.decode("utf-8-sig", errors="replace"))
        age = max_age_s(response.headers.get(b"Cache-Control"))
        lasts_s = self._most_s if age is None else min(max(age, self._least_s), self._most_s)
        self._read_at = time.monotonic()
        self._expires_at = self._read_at + lasts_s
        delay = self._rules.crawl_delay(self._agent)
        self._host.crawl_delay_s = min(max(delay or 0.0, 0.0), _MOST_CRAWL_DELAY_S)

    def _tell(self, why: str, tries: int) -> None:
        level = logging.WARNING if tries == 1 else logging.DEBUG
        told = "%s/robots.txt cannot be had (%s): nothing is fetched from there until it can be"
        _log.log(level, told, self._site, why)

    def _give_up(self, why: str, waited_s: float) -> None:
        self._refusal = f"robots.txt cannot be had ({why}), so nothing may be fetched"
        told = "%s/robots.txt could not be had for %.0f s (%s): nothing is fetched from there; %s"
        _log.error(told, self._site, waited_s, why, "crawl again once it answers")


class RobotsMiddleware:
    """Lets a request pass once fresh rules allow it.

    SIGHUP has all rules read anew.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware that asks through the crawler's own engine."""
        middleware = cls(crawler)
        crawler.signals.connect(middleware.listen, signal=signals.engine_started)
        crawler.signals.connect(middleware.end_listening, signal=signals.engine_stopped)
        return middleware

    def listen(self) -> None:
        """Take SIGHUP for a wish to have all rules read anew, where the system has signals."""
        with suppress(*_WITHOUT_SIGNALS):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.expire)

    def end_listening(self) -> None:
        """Let SIGHUP be what it was."""
        with suppress(*_WITHOUT_SIGNALS):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    def expire(self) -> None:
        """Have all rules read anew before anything else is asked."""
        for file in hosts_of(self._crawler).robots.values():
            file.expire()

    async def process_request(self, request: Request) -> None:
        """Pass, or raise `IgnoreRequest`."""
        if is_robots_request(request):
            return
        file = self._file(origin(request.url))
        await file.until_fresh()
        file.check(request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        """Look at the rules again where the site refuses."""
        if response.status in _FORBIDDING and not is_robots_request(request):
            self._file(origin(request.url)).expire(younger_than_s=_REREAD_AFTER_S)
        return response

    def _file(self, site: str) -> RobotsFile:
        hosts = hosts_of(self._crawler)
        file = hosts.robots.get(site)
        if file is None:
            ask = self._crawler.engine.download_async
            file = hosts.robots[site] = RobotsFile(site, hosts, self._crawler.settings, ask)
        return file


def is_robots_request(request: Request) -> bool:
    """Whether a request is for a robots.txt, made here."""
    return bool(request.meta.get("is_robots_txt"))


def max_age_s(header: bytes | None) -> float | None:
    """Seconds that a ``Cache-Control`` header lets an answer be kept; None where it is silent."""
    text = (header or b"").decode("latin-1").lower()
    if "no-cache" in text or "no-store" in text:
        return 0.0
    match = _MAX_AGE.search(text)
    return None if match is None else float(match[1])


def _is_absent(status: int) -> bool:
    """Whether a status means that there is no robots.txt, and so no rule (RFC 9309, 2.3.1.3)."""
    return status in range(400, 500) and status != HTTPStatus.TOO_MANY_REQUESTS


def _retrieve(task: asyncio.Task[None]) -> None:
    """Take an exception that nobody waits for."""
    if not task.cancelled():
        task.exception()
