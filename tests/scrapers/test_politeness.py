import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from scrapers.errors import CrawlStoppingError
from scrapers.politeness import (
    OriginMiddleware,
    RetryAfterMiddleware,
    RobotsMiddleware,
    retry_after_s,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SITE = "http://127.0.0.1:1"
RULES = b"User-agent: *\nDisallow: /all\nUser-agent: likewise\nDisallow: /likewise\n"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120.0), (b" 0 ", 0.0), (b"Sun, 01 Nov 2026 00:01:00 GMT", 60.0),
        (b"Sat, 31 Oct 2026 00:00:00 GMT", 0.0), (b"soon", None), (b"-5", None), (b"", None),
        (None, None), (b"1.5", None),
    ],
)  # fmt: skip
def test_both_forms_of_retry_after_are_read(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize("url", [f"{SITE}/a", f"{SITE}/b?c"])
def test_own_origin_is_asked(url):
    OriginMiddleware(frozenset({SITE})).process_request(Request(url))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:2/a", "https://127.0.0.1:1/a", "http://127.0.0.1/", "http://x.org/"]
)
def test_other_scheme_host_or_port_is_not_asked(url):
    with pytest.raises(IgnoreRequest, match="off the site"):
        OriginMiddleware(frozenset({SITE})).process_request(Request(url))


def robots(answer):
    """Middleware whose robots.txt is `answer`, a response or an exception; and what was asked."""
    asked = []

    async def download(request):
        asked.append(request.url)
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    crawler = SimpleNamespace(
        settings={"ROBOTSTXT_USER_AGENT": "likewise"},
        engine=SimpleNamespace(download_async=download),
        spider=None,
    )
    return RobotsMiddleware(crawler), asked


def verdicts(middleware, *paths):
    async def one(path):
        try:
            await middleware.process_request(Request(SITE + path))
        except IgnoreRequest as err:
            return str(err)
        return "allowed"

    async def all_of_them():
        return await asyncio.gather(*map(one, paths))

    return asyncio.run(all_of_them())


def response(status, body=b""):
    return Response(f"{SITE}/robots.txt", status=status, body=body)


def test_rules_for_our_name_are_obeyed_and_asked_for_once():
    middleware, asked = robots(response(200, RULES))
    assert verdicts(middleware, "/all", "/likewise/x", "/all") == [
        "allowed", "robots.txt disallows it", "allowed",
    ]  # fmt: skip
    assert asked == [f"{SITE}/robots.txt"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_site_without_robots_txt_allows_everything(status):
    assert verdicts(robots(response(status, RULES))[0], "/likewise") == ["allowed"]


@pytest.mark.parametrize(
    "answer",
    [*map(response, (204, 302, 429, 500, 503)), TimeoutError(), IgnoreRequest("off the site")],
    ids=str,
)
def test_robots_txt_that_cannot_be_had_disallows_everything(answer):
    (verdict,) = verdicts(robots(answer)[0], "/a")
    assert "nothing may be fetched" in verdict


@pytest.fixture
def retry_after():
    crawler = get_crawler(settings_dict={"RETRY_AFTER_MAX_S": 900.0})
    crawler.spider = SimpleNamespace(crawler=crawler)
    return RetryAfterMiddleware.from_crawler(crawler)


def asked_to_wait(middleware, status, header):
    request = Request(f"{SITE}/a", headers={})
    headers = {} if header is None else {"Retry-After": header}
    answer = Response(request.url, status=status, headers=headers)
    return middleware.process_response(request, answer)


async def waits(middleware, url=f"{SITE}/b"):
    """Whether a request would have to wait: one that must is refused when the crawl stops."""
    task = asyncio.ensure_future(middleware.process_request(Request(url)))
    await asyncio.sleep(0)
    middleware.end_pauses()
    try:
        await task
    except CrawlStoppingError:
        return True
    return False


@pytest.mark.parametrize("status", [429, 503])
def test_host_that_asks_for_a_pause_is_left_alone_and_others_are_not(retry_after, status):
    assert isinstance(asked_to_wait(retry_after, status, "60"), Request)
    assert asyncio.run(waits(retry_after))


def test_other_hosts_are_not_held(retry_after):
    asked_to_wait(retry_after, 429, "60")
    assert not asyncio.run(waits(retry_after, "http://127.0.0.1:2/b"))


@pytest.mark.parametrize(("status", "header"), [(500, "60"), (429, None), (429, "0")])
def test_answer_without_a_pause_holds_nothing(retry_after, status, header):
    assert isinstance(asked_to_wait(retry_after, status, header), Request)
    assert not asyncio.run(waits(retry_after))


def test_pause_longer_than_patience_is_not_waited_for(retry_after):
    assert asked_to_wait(retry_after, 429, "901").status == 429


def test_host_that_asks_for_too_long_a_pause_is_not_asked_again(retry_after):
    asked_to_wait(retry_after, 503, "901")
    with pytest.raises(IgnoreRequest, match="longer pause"):
        asyncio.run(waits(retry_after))
    assert not asyncio.run(waits(retry_after, "http://127.0.0.1:2/b"))
