"""Crawls of one stage, played in memory."""

import pytest

from scrapers.records import Stage
from tests.scrapers.playing import Played, make_plan_of, make_spider


@pytest.fixture
def play(tmp_path):
    """Function that plays a crawl of a stage to its end: `site` answers requests."""
    opened = []

    def played(stage, site, **asked):
        spider = make_spider(make_plan_of(tmp_path, Stage(stage), **asked))
        opened.append(spider)
        return Played(spider, site).run()

    yield played
    for spider in opened:
        spider.ledger.close()
