"""Scrapy settings: the polite profile, which holds for every site that is not on loopback."""

from __future__ import annotations

from typing import Any

__all__ = ["browser_handlers", "fast_profile"]

BOT_NAME = "likewise"
SPIDER_MODULES = ["scrapers.spiders"]
COMMANDS_MODULE = "scrapers.commands"  # `scrapy crawl` that exits 0, 1 or 3

# Politeness: the one place for delays and concurrency.
ROBOTSTXT_OBEY = True  # by our own middleware: Scrapy's fails open
ROBOTSTXT_USER_AGENT = "likewise"  # the name that a robots.txt would call us by
DOWNLOAD_DELAY = 2.0  # s; Sketchfab is thought to allow 30 requests a minute
CONCURRENT_REQUESTS = 8  # requests under way in all
CONCURRENT_REQUESTS_PER_DOMAIN = 2  # requests under way to a host; the delay spaces them
AUTOTHROTTLE_ENABLED = True  # slower when the site is slow
AUTOTHROTTLE_START_DELAY = 2.0  # s; until the first answer tells more
AUTOTHROTTLE_MAX_DELAY = 60.0  # s
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0  # requests; one at a time of what the site can bear
RETRY_TIMES = 4  # further attempts of a request
RETRY_AFTER_MAX_S = 900.0  # s; a site that asks for a longer pause is left alone
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    "twisted.internet.error.ConnectionDone",
    "twisted.internet.error.ConnectError",
    "twisted.internet.error.ConnectionLost",
    "playwright.async_api.Error",  # a browser's page that crashed or took too long
    OSError,  # a body that cannot be decompressed
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

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # knows no ports
    "scrapers.politeness.OriginMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # fails open
    "scrapers.politeness.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # ignores Retry-After
    "scrapers.politeness.RetryAfterMiddleware": 550,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
}
ITEM_PIPELINES = {"scrapers.landing.LandingPipeline": 500}
EXTENSIONS = {"scrapers.stopping.Stopping": 0, "scrapers.progress.Progress": 10}

# Landing: few files, and little to lose when a machine dies.
LANDING_PART_ROWS = 50_000  # rows of a part
LANDING_PART_AGE_S = 60.0  # s; the longest that a row waits in memory

# Stopping: what a crawl that was told to stop may take.
STOP_GRACE_S = 3.0  # s; answers under way get as long, then what was read is landed

# Browser, for catalogue pages alone.
PLAYWRIGHT_BROWSER_TYPE = "chromium"
PLAYWRIGHT_MAX_CONTEXTS = 1  # contexts; each costs 50 MB
PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = 4  # pages; two cores render no more at a time
PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT = 20_000  # ms


def browser_handlers(scheme: str) -> dict[str, str]:
    """What downloads when a crawl needs a browser; only requests marked so go through it."""
    return {scheme: "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"}


def fast_profile() -> dict[str, Any]:
    """What the fast profile changes, for a site on loopback only."""
    return {
        "DOWNLOAD_DELAY": 0.0,  # s
        "CONCURRENT_REQUESTS": 16,  # requests; more wait in the stand-in's own queue
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,  # requests
        "AUTOTHROTTLE_ENABLED": False,
        "LANDING_PART_AGE_S": 10.0,  # s; a crawl on loopback lasts a minute
        "HTTPPROXY_ENABLED": False,  # loopback is reached without
        "URLLENGTH_LIMIT": 0,  # the stand-in's urls are short
    }
