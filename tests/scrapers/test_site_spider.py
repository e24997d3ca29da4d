"""Requests of units end somewhere: answered, failed, asked again, left for the next crawl."""

import asyncio
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from scrapers.errors import CrawlStoppingError, LedgerError, LeftAloneError
from scrapers.ledger import Ledger
from scrapers.records import Stage, UnitKind, UnitState
from scrapers.site_spider import why
from scrapers.units import Unit
from scrapers.work import LOST
from tests.scrapers.playing import (
    BASE,
    TRIES,
    answer_to,
    land_catalogue,
    make_plan_of,
    make_spider,
    take,
)

UNIT = Unit(UnitKind.ITEM_LIKES, "a", attempts=1)


@pytest.fixture
def spider(tmp_path):
    land_catalogue(tmp_path, {"a": 3})
    made = make_spider(make_plan_of(tmp_path, Stage.LIKES))
    made.told = []
    made.broken = made.told.append
    yield made
    made.ledger.close()


def started(spider):
    """All that the spider yields at its start, until it waits for something."""

    async def run():
        return [output async for output in spider.start()]

    return asyncio.run(run())


def test_request_of_a_unit_is_never_filtered_and_has_an_errback(spider):
    request = spider.request(f"{BASE}/x", print, UNIT)
    assert request.dont_filter
    assert request.errback == spider.failed
    assert request.meta["unit"] is UNIT


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HttpError(Response(f"{BASE}/secret-handle", 403)), "status 403"),
        (IgnoreRequest("robots.txt disallows it"), "robots.txt disallows it"),
        (TimeoutError(f"{BASE}/secret-handle"), "TimeoutError"),
    ],
)
def test_failure_ends_its_unit_with_a_reason_that_names_nobody(spider, error, reason):
    (ended,) = take(spider.stage.request(UNIT), error)
    assert (ended.unit.key, ended.unit.state, ended.unit.why) == ("a", UnitState.FAILED, reason)
    assert why(Failure(error)) == reason


def test_unit_that_was_cut_off_is_left_for_the_next_crawl(spider):
    assert take(spider.stage.request(UNIT), CrawlStoppingError()) == []
    assert not spider.work.is_stopped


def test_site_that_is_to_be_left_alone_ends_the_crawl_once_and_no_unit(spider):
    closed = []

    async def close(reason):
        closed.append(reason)

    spider.crawler.engine.close_spider_async = close

    async def refuse():
        for _ in range(3):
            assert take(spider.stage.request(UNIT), LeftAloneError("10 times 403")) == []
        await asyncio.sleep(0)

    asyncio.run(refuse())
    assert (closed, spider.work.is_stopped) == (["left_alone"], True)
    assert spider.tally.counts["left alone: 10 times 403"] == 1


def test_crawl_that_closes_early_waits_for_no_pause(spider):
    paused, closed = [], []

    def stopped():
        paused.append(True)

    async def close_spider_async(reason):
        closed.append((reason, *paused))

    spider.crawler.engine.close_spider_async = close_spider_async
    spider.crawler.signals.connect(stopped, signal=spider.stopping)

    async def close():
        spider.close_early("landing_failed")
        await spider._closing

    asyncio.run(close())
    assert closed == [("landing_failed", True)]


def test_page_is_asked_for_again_until_it_was_tried_enough(spider):
    request, n_asked = spider.stage.request(UNIT), 0
    while isinstance(request, Request):
        n_asked += 1
        (request,) = take(request, answer_to(request, b"<html>"))
    assert (n_asked, request.unit.state) == (TRIES, UnitState.FAILED)


def test_page_that_a_redirect_gave_instead_is_no_answer(spider):
    asked = spider.stage.request(UNIT)
    seen = asked.replace(
        url=asked.url.replace("offset=0", "offset=20"),
        meta={**asked.meta, "redirect_urls": [asked.url]},
    )
    (again,) = take(seen, answer_to(seen, {"results": [{"uid": "u1"}], "next": None}))
    assert again.url == asked.url


def test_ledger_that_refuses_at_the_start_is_told_and_ends_it(spider, monkeypatch):
    def refusing(*_):
        raise LedgerError("the disk is full: make room")

    monkeypatch.setattr(Ledger, "claim", refusing)
    outputs = started(spider)
    assert len(outputs) == 1  # the record of the site
    assert [str(err) for err in spider.told] == ["the disk is full: make room"]


def test_ledger_that_refuses_in_a_callback_is_told(spider, monkeypatch):
    def refusing(response, unit, **_):
        raise LedgerError("the server is gone: see that it runs")
        yield

    request = spider.request(f"{BASE}/x", refusing, UNIT)
    assert take(request, answer_to(request, {})) == []
    assert [str(err) for err in spider.told] == ["the server is gone: see that it runs"]


def test_unit_that_came_back_with_nothing_too_often_ends_as_failed(spider):
    ended = []
    spider.sink = ended.append
    spider._give_up(UNIT, LOST)
    assert [(e.unit.key, e.unit.state, e.unit.why) for e in ended] == [
        ("a", UnitState.FAILED, LOST)
    ]


@pytest.mark.parametrize(
    ("active", "is_scraping", "is_queued", "is_quiet"),
    [
        ((), False, False, True), (("r",), False, False, False), ((), True, False, False),
        ((), False, True, False),
    ],
)  # fmt: skip
def test_nothing_is_under_way_where_nothing_is_asked_for_read_or_queued(
    spider, active, is_scraping, is_queued, is_quiet
):
    engine = spider.crawler.engine
    engine.downloader.active = set(active)
    engine.scraper.slot = SimpleNamespace(is_idle=lambda: not is_scraping)
    engine.scheduler = SimpleNamespace(has_pending_requests=lambda: is_queued)
    assert spider._is_quiet() is is_quiet


def test_urls_of_the_site_have_its_scheme_host_and_port(spider):
    assert spider.is_of_site(f"{BASE}/x?y")
    assert not spider.is_of_site("https://127.0.0.1:8000/x")
    assert not spider.is_of_site("http://127.0.0.1:8001/x")
