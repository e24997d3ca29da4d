"""One site and nothing else: its origins, its redirects, and no way into a private network."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import Final, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler, CrawlerRunnerBase
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.abstract import isIPAddress
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from scrapers.arguments import origin
from scrapers.errors import BadAnswerError
from scrapers.retrying import retry_request

__all__ = [
    "OriginMiddleware",
    "PublicResolver",
    "SiteRedirectMiddleware",
    "is_public",
    "origins_of",
]

_LOCAL_NAMES: Final = frozenset({"localhost", ""})

_log = logging.getLogger(__name__)


class OriginMiddleware:
    """Refuses every request, redirects included, that leaves the scheme, hosts and ports given."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Middleware for the origins of the spider."""
        return cls(origins_of(crawler))

    def process_request(self, request: Request) -> None:
        """Pass, or raise `IgnoreRequest`."""
        if origin(request.url) not in self._origins:
            raise IgnoreRequest("leads off the site")


class SiteRedirectMiddleware(RedirectMiddleware):
    """Follows redirects inside the site, to pages already seen as well; others are bad answers.

    A bad answer may pass, so it is asked for again like any other.
    """

    def process_response(  # type: ignore[override]  # Scrapy is about to drop its third argument
        self, request: Request, response: Response
    ) -> Request | Response:
        """The answer, the request that it redirects to, or the first request once more."""
        try:
            result = super().process_response(request, response)
        except IgnoreRequest:
            return self._refused(request, "redirects without end")
        if isinstance(result, Response):
            return result
        if origin(result.url) not in origins_of(self.crawler):
            return self._refused(request, "redirects off the site")
        return result.replace(dont_filter=True)

    def _refused(self, request: Request, reason: str) -> Request:
        spider = self.crawler.spider
        again = None
        if spider is not None and not request.meta.get("dont_retry"):
            again = retry_request(request, reason, spider)
        if again is None:
            raise BadAnswerError(reason)
        return again


class PublicResolver(CachingThreadedResolver):
    """Resolves names of sites to public addresses only.

    A base url that names a private address itself (127.0.0.1, say) is never resolved, and what
    its owner typed may be asked.  A public name that leads into a private network is a trap (DNS
    rebinding), or a mistake.
    """

    runner: CrawlerRunnerBase | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Resolver of a process, which looks after the names of the sites that it crawls."""
        resolver = super().from_crawler(crawler, reactor)
        runner: object = crawler  # what Scrapy gives here when it runs crawls itself
        resolver.runner = runner if isinstance(runner, CrawlerRunnerBase) else None
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        """An address of a name; fails with `DNSLookupError` where it is private."""
        found = super().getHostByName(name, timeout)
        return found.addCallback(_checked, name) if self._is_of_a_site(name) else found

    def _is_of_a_site(self, name: str) -> bool:
        if name in _LOCAL_NAMES or isIPAddress(name):
            return False
        crawlers = set() if self.runner is None else self.runner.crawlers
        sites = (site for crawler in crawlers for site in origins_of(crawler))
        return name in {urlsplit(site).hostname for site in sites}


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or found
    return bool(inner.is_global) and not inner.is_multicast


def _checked(address: str, name: str) -> str:
    if not is_public(address):
        _log.error("%s resolves to a private address: it is not asked", name)
        raise DNSLookupError(f"{name} resolves to a private address")
    return address


def origins_of(crawler: Crawler) -> frozenset[str]:
    """Origins of the site that is crawled; none for a spider that names none."""
    origins: frozenset[str] = getattr(crawler.spider, "origins", frozenset())
    return origins
