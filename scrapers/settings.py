"""Scrapy settings: the polite profile, which holds for every site that is not on loopback."""

from __future__ import annotations

from typing import Any

__all__ = ["at_once_of_host", "fast_profile"]

BOT_NAME = "likewise"
SPIDER_MODULES = ["scrapers.spiders"]
COMMANDS_MODULE = "scrapers.commands"  # `scrapy crawl` that exits 0, 1 or 3

# Politeness: the one place for delays and concurrency.
DOWNLOADER = "scrapers.politeness.PoliteDownloader"  # holds all of the following where it sends
ROBOTSTXT_OBEY = True  # by our own middleware: Scrapy's fails open
ROBOTSTXT_USER_AGENT = "likewise"  # the name that a robots.txt would call us by
ROBOTS_MAX_AGE_S = 86_400.0  # s; RFC 9309, 2.4: no copy is used for longer
ROBOTS_MIN_AGE_S = 60.0  # s; many answer max-age=0 for everything, none wants it asked each time
DOWNLOAD_DELAY = 2.0  # s; Sketchfab is thought to allow 30 requests a minute
DOWNLOAD_DELAY_JITTER = 0.0  # none: half of the delays would be shorter than allowed
CONCURRENT_REQUESTS = 16  # requests under way in all, those that wait for their turn included
CONCURRENT_REQUESTS_PER_DOMAIN = 2  # requests under way to a host; the delay spaces them
CRAWL_WORKERS = 1  # processes that share the crawl, and so rate and concurrency
AUTOTHROTTLE_ENABLED = True  # slower when the site is slow
AUTOTHROTTLE_START_DELAY = 2.0  # s; until the first answer tells more
AUTOTHROTTLE_MAX_DELAY = 60.0  # s
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0  # requests; one at a time of what the site can bear

# Patience: what is asked again, when and for how long (scrapers/retrying.py).
PATIENCE_S = 6 * 3600.0  # s; outages of a night are waited for, longer ones by whoever restarts
RETRY_TIMES = 4  # further attempts of a request whose host answers others well
RETRY_BACKOFF_S = 2.0  # s; most before the second attempt, doubled before each further one
RETRY_BACKOFF_MAX_S = 600.0  # s; a site that comes back is noticed within ten minutes
RETRY_AFTER_MAX_S = 86_400.0  # s; a site that asks for a longer pause is left alone
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadCancelledError",  # a body over its cap; the next may be well
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",  # TLS, parse errors, answers that never came
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    "scrapy.core.downloader.handlers.http11.TunnelError",
    "twisted.internet.error.ConnectionClosed",
    "twisted.internet.error.ConnectError",
    "twisted.web._newclient.RequestNotSent",
    "playwright.async_api.Error",  # a page that crashed or took too long, a browser that died
    "scrapers.browser_handler.HungBrowserError",
    "scrapers.errors.BadAnswerError",  # of what a page loads
    OSError,  # of the socket
]

# Caps on size and time.
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # bytes, decompressed too; Scrapy's own is 1 GiB
DOWNLOAD_WARNSIZE = 2 * 1024 * 1024  # bytes; a page of likes has 4,000
DOWNLOAD_TIMEOUT = 30.0  # s
DOWNLOAD_VERIFY_CERTIFICATES = True  # Scrapy's own is False
DOWNLOAD_FAIL_ON_DATALOSS = True  # a body shorter than announced is no answer
REDIRECT_MAX_TIMES = 5  # hops, all on the base url's own host
METAREFRESH_ENABLED = False  # no JSON has one, and a page's would leave the host
REFERRER_POLICY = "no-referrer"  # a referer would carry handles from url to url
COOKIES_ENABLED = False  # nothing here needs a session
TELNETCONSOLE_ENABLED = False  # a port open to everyone on the machine
REMOTE_CONTROL_ENABLED = False  # the same
MEMUSAGE_LIMIT_MB = 2048  # MB; a crawl holds a part and the pages under way, 150 in practice
AUTOTHROTTLE_DEBUG = False

# Logs: items never, urls without handles (scrapers/privacy.py).
LOG_LEVEL = "INFO"
LOG_FORMATTER = "scrapers.privacy.QuietLogFormatter"

TWISTED_DNS_RESOLVER = "scrapers.origins.PublicResolver"
DOWNLOAD_HANDLERS = {
    "http": "scrapers.transport.HttpHandler",
    "https": "scrapers.transport.HttpHandler",
    "data": None,  # a site is http or https
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # knows no ports
    "scrapers.origins.OriginMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # fails open
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # ignores Retry-After
    "scrapers.retrying.RetryingMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # keeps halves
    "scrapers.bodies.BodyMiddleware": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # drops what was seen
    "scrapers.origins.SiteRedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapers.robots.RobotsMiddleware": 950,  # last, for rules may turn while others wait
}
ITEM_PIPELINES = {"scrapers.landing.LandingPipeline": 500}
EXTENSIONS = {"scrapers.stopping.Stopping": 0, "scrapers.progress.Progress": 10}

# Landing: few files, and little to lose when a machine dies.
LANDING_PART_ROWS = 50_000  # rows of a part
LANDING_PART_AGE_S = 60.0  # s; the longest that a row waits in memory
CONCURRENT_ITEMS = 1  # of a page: it yields one; Scrapy makes as many tasks for each page, 100
LEDGER_LEASE_S = 120.0  # s; then another process may take up what a dead one had begun

# Stopping: what a crawl that was told to stop may take.
STOP_GRACE_S = 3.0  # s; answers under way get as long, then what was read is landed

# Browser, for catalogue pages alone.
PLAYWRIGHT_BROWSER_TYPE = "chromium"
PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT = 0  # ms; none: a page waits for its turn like any request
PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = 4  # pages; two cores render no more at a time
BROWSER_PAGES_OF_CONTEXT = 200  # pages, then a fresh context; each costs 50 MB and grows
BROWSER_DRAWS_WITHIN_MS = 20_000.0  # ms; time in which nothing is loaded
BROWSER_HUNG_AFTER_S = 45.0  # s; a page in which nothing happens for so long is closed
DOWNLOAD_SLOTS = {"browser": {"concurrency": 4, "delay": 0.0}}  # pages; their loads are paced


def fast_profile() -> dict[str, Any]:
    """What the fast profile changes, for a site on loopback only."""
    return {
        "DOWNLOAD_DELAY": 0.0,  # s
        "CONCURRENT_REQUESTS": 32,  # requests; half of them may wait to be asked again
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,  # requests
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTS_MIN_AGE_S": 1.0,  # s; rules that turn are to be seen within a test
        "PATIENCE_S": 72.0,  # s; 0.02 h
        "RETRY_BACKOFF_S": 0.1,  # s
        "RETRY_BACKOFF_MAX_S": 5.0,  # s
        "BROWSER_DRAWS_WITHIN_MS": 6_000.0,  # ms
        "BROWSER_HUNG_AFTER_S": 20.0,  # s
        "LANDING_PART_AGE_S": 10.0,  # s; a crawl on loopback lasts a minute
        "HTTPPROXY_ENABLED": False,  # loopback is reached without
        "URLLENGTH_LIMIT": 0,  # the stand-in's urls are short
    }


def at_once_of_host(*, fast: bool) -> int:
    """Requests that may be under way to a host, which the processes of a crawl share."""
    chosen: int = fast_profile()["CONCURRENT_REQUESTS_PER_DOMAIN"]
    return chosen if fast else CONCURRENT_REQUESTS_PER_DOMAIN
