"""Asks urls as our crawls do, or as stock Scrapy does, and tells how each of them ended.

``python probe.py '{"urls": [...], "stock": false, "settings": {}}'`` prints one JSON object:
ends and instants of answers by url, the process's peak memory, and figures.  Each request bears the
instant at which it left, in ``X-Sent``; instants are of the monotonic clock, which the processes of
a machine share.
"""

import json
import logging
import random
import resource
import sys
import time
from pathlib import Path

import scrapy
from scrapy import signals
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from scrapy_playwright.page import PageMethod

from scrapers.arguments import origin
from scrapers.browser import browser_settings, in_browser
from scrapers.chromium import FLAGS
from scrapers.retrying import retry_request
from scrapers.settings import fast_profile
from scrapers.site_spider import SiteSpider

STOCK = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


class Probe(scrapy.Spider):
    """Asks each url once; ``again`` asks for another try of a page that says BAD."""

    name = "probe"
    stopping = SiteSpider.stopping

    def __init__(self, urls, base=None, browser=None, stock=False, **keywords):
        super().__init__(**keywords)
        self.stock = stock
        self.urls = urls
        self.browser = browser
        self.origins = frozenset({origin(base or urls[0])})
        self.ends = {}

    async def start(self):
        for url in self.urls:
            request = scrapy.Request(
                url, self.ended, errback=self.failed, meta={"of": url}, dont_filter=True
            )
            if self.browser and self.stock:
                wait = PageMethod("wait_for_selector", self.browser)
                request.meta.update(playwright=True, playwright_page_methods=[wait])
            is_ours = self.browser and not self.stock
            yield in_browser(request, self.browser) if is_ours else request

    def ended(self, response):
        if response.body == b"BAD":
            again = retry_request(response.request, "bad body", self)
            if again is not None:
                return again
        self._end(response.request, f"{response.status} {len(response.body)} {response.url}")
        return None

    def failed(self, failure):
        error = failure.value
        status = getattr(getattr(error, "response", None), "status", "")
        self._end(failure.request, f"{type(error).__name__} {status or error}")

    def _end(self, request, how):
        self.ends.setdefault(request.meta["of"], []).append(how)


def stamp_requests():
    """Write on each request when it leaves: what comes later is the way to the server."""
    download = DownloadHandlers.download_request_async

    async def stamped(self, request):
        if not request.meta.get("playwright"):
            request.headers["X-Sent"] = repr(time.monotonic())
        return await download(self, request)

    DownloadHandlers.download_request_async = stamped


def peak_mb():
    """The process's own peak, which getrusage mixes with that of the process that forked it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    asked = json.loads(sys.argv[1])
    random.seed(asked.get("seed", 0))
    settings = Settings()
    if not asked.get("stock"):
        settings.setmodule("scrapers.settings", priority="project")
        settings.setdict(fast_profile(), priority="spider")
        alone = {"EXTENSIONS": {"scrapers.stopping.Stopping": 0}, "ITEM_PIPELINES": {}}
        settings.setdict({**alone, "SPIDER_MODULES": []}, priority="spider")
    if asked.get("browser"):
        base = asked["urls"][0]
        chosen = browser_settings(base, frozenset({origin(base)}))
        if asked.get("stock"):
            options = {**chosen["PLAYWRIGHT_LAUNCH_OPTIONS"], "args": [*FLAGS]}
            chosen = {"DOWNLOAD_HANDLERS": {"http": STOCK}, "PLAYWRIGHT_LAUNCH_OPTIONS": options}
        settings.setdict(chosen, priority="cmdline")
    settings.setdict({"LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False}, "cmdline")
    settings.setdict(asked.get("settings", {}), "cmdline")
    logging.captureWarnings(True)
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Probe)
    given = {name: asked.get(name) for name in ("urls", "base", "browser", "stock")}
    got = {}

    def note(response, request):
        got.setdefault(request.url, []).append(time.monotonic())

    crawler.signals.connect(note, signal=signals.response_downloaded)
    stamp_requests()
    process.crawl(crawler, **given)
    process.start()
    found = {
        "ends": crawler.spider.ends,
        "got": got,
        "peak_mb": peak_mb(),
        "stats": crawler.stats.get_stats(),
    }
    sys.stdout.write(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
