"""``scrapy crawl``: exit status 0 for a complete crawl, 3 for a partial and 1 for a failed one."""

from __future__ import annotations

import argparse
import os
import sys

from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError

from scrapers.claim import claim
from scrapers.errors import ArgumentError, LedgerError
from scrapers.plan import make_plan
from scrapers.privacy import install_redaction
from scrapers.records import KeyFault, RunStatus, load_or_create_key
from scrapers.site_spider import EXIT_CODES, STATUS_STAT, SiteSpider, open_ledger

__all__ = ["CrawlCommand"]


class CrawlCommand(BaseRunSpiderCommand):
    """Runs a spider and tells by its exit status how that ended."""

    requires_project = True

    def syntax(self) -> str:
        """Usage."""
        return "[options] <spider>"

    def short_desc(self) -> str:
        """What the list of commands says."""
        return "Crawl a site by name; exit 0 complete, 3 partial, 1 failed"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, having named every fault of the arguments at once."""
        process = self.crawler_process
        if len(args) != 1 or process is None:
            raise UsageError("one spider is run at a time")
        self.exitcode = EXIT_CODES[RunStatus.FAILED]
        if args[0] not in process.spider_loader.list():
            sites = ", ".join(process.spider_loader.list())
            sys.stderr.write(f"{args[0]} is no spider; there are {sites}\n")
            return
        spider = process.spider_loader.load(args[0])
        if not issubclass(spider, SiteSpider):
            raise UsageError(f"{args[0]} is not a spider of this project")
        try:
            plan = make_plan(spider.name, opts.spargs, os.environ)
            claim(plan)
            open_ledger(plan).close()
            load_or_create_key(plan.settings.key_path, plan.settings.data)
        except (ArgumentError, LedgerError, KeyFault) as err:
            sys.stderr.write(f"{err}\n")
            return
        opts.spargs["run_id"] = plan.arguments.run_id
        install_redaction(spider.personal_patterns)
        crawler = self._create_crawler(spider)
        process.crawl(crawler, **opts.spargs)
        process.start()
        if not process.bootstrap_failed:
            status = crawler.stats.get_value(STATUS_STAT, RunStatus.FAILED.value)
            self.exitcode = EXIT_CODES[RunStatus(status)]
