import asyncio
import time
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from scrapers import settings
from scrapers.errors import CrawlStoppingError, LeftAloneError
from scrapers.hosts import Hosts, Manners
from scrapers.retrying import RetryingMiddleware, retry_request, tries_of

URL = "http://127.0.0.1:1/a"
TIMES = 3


@pytest.fixture
def crawler():
    """A crawler with the retry settings of a crawl, whose engine keeps what it is asked for."""
    made = get_crawler(settings_dict={"RETRY_EXCEPTIONS": settings.RETRY_EXCEPTIONS})
    made.spider = SimpleNamespace(crawler=made)
    rules = Manners(
        patience_s=3600.0, retry_times=TIMES, backoff_s=0.5, backoff_max_s=1.0,
        retry_after_max_s=900.0,
    )  # fmt: skip
    engine = SimpleNamespace(
        downloader=SimpleNamespace(hosts=Hosts(rules)), asked=[], answers=lambda _: None
    )

    async def download_async(request):
        engine.asked.append(request.url)
        await asyncio.sleep(0)
        engine.answers(request)

    engine.download_async = download_async
    made._engine = made.engine = engine
    return made


@pytest.fixture
def retry(crawler):
    return lambda request: retry_request(request, "status 500", crawler.spider)


def tried(retry, times, request=None):
    request = request or Request(URL)
    for _ in range(times):
        request = retry(request)
    return request


def test_request_is_asked_again_later_and_is_never_filtered(retry):
    again = retry(Request(URL, meta={"unit": "x"}, cb_kwargs={"n": 1}))
    assert (again.url, again.meta["unit"], again.cb_kwargs, tries_of(again)) == (
        URL, "x", {"n": 1}, 1,
    )  # fmt: skip
    assert again.dont_filter
    assert 0 <= again.meta["likewise_not_before"] - time.monotonic() <= 0.5


def test_answer_that_is_no_good_is_given_up_after_its_tries(crawler, retry):
    assert tries_of(tried(retry, TIMES)) == TIMES
    assert retry(tried(retry, TIMES)) is None
    assert crawler.stats.get_value("retry/max_reached") == 1


def test_request_is_given_up_when_patience_is_over(retry):
    request = tried(retry, 1)
    request.meta["likewise_first_failed_at"] -= 3601.0
    assert retry(request) is None


def test_redirected_request_begins_anew_where_it_began(retry):
    hop = Request(
        "http://127.0.0.1:1/c",
        meta={"redirect_urls": [URL, "http://127.0.0.1:1/b"], "redirect_times": 2, "unit": "x"},
    )
    again = retry(hop)
    assert again.url == URL
    assert {name for name in again.meta if name.startswith("redirect")} == set()
    assert again.meta["unit"] == "x"


def processed(crawler, status, request=None, **meta):
    middleware = RetryingMiddleware.from_crawler(crawler)
    request = request or Request(URL, meta=meta)
    return asyncio.run(middleware.process_response(request, Response(URL, status=status)))


def sent(crawler, request):
    """The request as it is sent, having waited for its turn."""
    request.meta["likewise_not_before"] = 0.0
    middleware = RetryingMiddleware.from_crawler(crawler)
    asyncio.run(asyncio.wait_for(middleware.process_request(request), 60))
    return request


def fails_for_ever(crawler, tries, between):
    """A request that failed so often, None where it was given up; `between` comes before a try."""
    request = sent(crawler, Request(URL))
    for _ in range(tries):
        request = processed(crawler, 500, request)
        if not isinstance(request, Request):
            return None
        between()
        request = sent(crawler, request)
    return request


def test_request_is_given_up_where_its_host_answers_others_well(crawler):
    host = crawler.engine.downloader.hosts.of(URL)

    def answers_another():
        host.note_answer(f"{URL}/other", 200, None)

    answers_another()
    assert fails_for_ever(crawler, TIMES, answers_another) is not None
    assert fails_for_ever(crawler, TIMES + 1, answers_another) is None
    assert crawler.engine.asked == []


def test_request_is_not_given_up_while_its_host_answers_nothing_well(crawler):
    assert fails_for_ever(crawler, TIMES + 50, lambda: None) is not None


def test_request_that_fails_alone_is_given_up_once_its_host_is_seen_to_be_well(crawler):
    host = crawler.engine.downloader.hosts.of(URL)
    well = f"{URL}/well"
    host.note_answer(well, 200, None)
    crawler.engine.answers = lambda request: host.note_answer(request.url, 200, None)
    assert fails_for_ever(crawler, TIMES + 1, lambda: None) is None
    assert crawler.engine.asked == [well] * TIMES


@pytest.mark.parametrize("status", [302, 403, 408, 429, 500, 503, 520, 999])
def test_bad_answer_is_retried(crawler, status):
    assert isinstance(processed(crawler, status), Request)


@pytest.mark.parametrize("status", [200, 204, 404, 410])
def test_good_answer_is_not(crawler, status):
    assert isinstance(processed(crawler, status), Response)


def test_what_is_not_to_be_retried_is_not(crawler):
    assert isinstance(processed(crawler, 500, dont_retry=True), Response)


def test_last_failure_that_a_host_is_granted_leaves_its_units_open(crawler):
    crawler.engine.downloader.hosts.of(URL).note_answer(URL, 429, b"901")
    with pytest.raises(LeftAloneError):
        processed(crawler, 429)


def failed(crawler, error):
    middleware = RetryingMiddleware.from_crawler(crawler)
    return asyncio.run(middleware.process_exception(Request(URL), error))


def test_transport_errors_are_retried_and_told_of_the_host(crawler):
    assert isinstance(failed(crawler, ConnectionResetError()), Request)
    for _ in range(4):
        failed(crawler, TimeoutError())
    assert crawler.engine.downloader.hosts.of(URL).is_failing


@pytest.mark.parametrize("error", [IgnoreRequest("x"), CrawlStoppingError(), KeyError("ours")])
def test_refusals_and_faults_of_ours_are_not_retried(crawler, error):
    assert failed(crawler, error) is None


def ill(crawler, *well_urls):
    host = crawler.engine.downloader.hosts.of(URL)
    for url in well_urls:
        host.note_answer(url, 200, None)
    for _ in range(6):
        host.note_failure()
    host._held_until = 0.0
    return host


def test_ill_host_is_asked_for_pages_that_were_well_until_one_is(crawler):
    well = [f"{URL}{number}" for number in range(3)]
    host = ill(crawler, *well)

    def answers(request):
        if len(crawler.engine.asked) < 5:
            raise TimeoutError
        host.note_answer(request.url, 200, None)

    crawler.engine.answers = answers
    sent(crawler, processed(crawler, 500))
    assert crawler.engine.asked == [well[number] for number in (0, 1, 2, 0, 1)]
    assert not host.is_proving


def test_pages_that_may_not_be_asked_for_prove_nothing_and_are_dropped(crawler):
    host = ill(crawler, f"{URL}1", f"{URL}2")

    def answers(request):
        raise IgnoreRequest("robots.txt disallows it")

    crawler.engine.answers = answers
    host._held_until = 0.0
    sent(crawler, processed(crawler, 500))
    assert len(crawler.engine.asked) == 2
    assert not host.well_urls
    assert not host.is_proving


def test_requests_wait_while_their_host_is_put_to_the_proof(crawler):
    """Many that failed and many that come meanwhile: one proof, and none is left behind."""
    host = ill(crawler, f"{URL}1")
    crawler.engine.answers = lambda request: host.note_answer(request.url, 200, None)
    failed = [processed(crawler, 500) for _ in range(6)]
    for request in failed:
        request.meta["likewise_not_before"] = 0.0
    middleware = RetryingMiddleware.from_crawler(crawler)

    async def all_at_once():
        waiting = (middleware.process_request(request) for request in (*failed, Request(URL)))
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(all_at_once())
    assert crawler.engine.asked == [f"{URL}1"]


@pytest.mark.parametrize("read_before", [["http://127.0.0.1:1/read", "http://[::1]/other"], []])
def test_page_of_an_earlier_process_tells_a_bad_page_from_an_ill_host(crawler, read_before):
    crawler.spider.urls_read_before = read_before
    host = crawler.engine.downloader.hosts.of(URL)
    crawler.engine.answers = lambda request: host.note_answer(request.url, 200, None)
    sent(crawler, processed(crawler, 500))
    assert crawler.engine.asked == read_before[:1]


def test_nothing_is_proven_before_anything_failed(crawler):
    crawler.spider.urls_read_before = [f"{URL}/read"]
    sent(crawler, Request(URL))
    assert crawler.engine.asked == []


def test_request_waits_for_its_turn(crawler, retry):
    again = retry(Request(URL))
    again.meta["likewise_not_before"] = time.monotonic() + 600
    middleware = RetryingMiddleware.from_crawler(crawler)

    async def stopped():
        waits = asyncio.ensure_future(middleware.process_request(again))
        await asyncio.sleep(0)
        assert not waits.done()
        crawler.engine.downloader.hosts.stop()
        await waits

    with pytest.raises(CrawlStoppingError):
        asyncio.run(asyncio.wait_for(stopped(), 5))


def test_request_that_comes_as_a_proof_has_just_ended_does_not_wait_for_it(crawler, monkeypatch):
    hosts = crawler.engine.downloader.hosts
    looks = []

    async def until_open(host):
        looks.append(host)
        if len(looks) > 3:  # it goes round and round, and nothing else comes to run
            pytest.fail("waits for what has ended")

    monkeypatch.setattr(hosts, "until_open", until_open)
    middleware = RetryingMiddleware(crawler)

    async def asked():
        proof = asyncio.get_running_loop().create_future()
        proof.set_result(None)  # its callbacks have not run yet
        middleware._proofs[hosts.of(URL).name] = proof
        await middleware.process_request(Request(URL))

    asyncio.run(asked())
    assert len(looks) == 1
