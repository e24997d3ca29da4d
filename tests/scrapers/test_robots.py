import asyncio

import pytest
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from scrapers.errors import CrawlStoppingError, LeftAloneError
from scrapers.hosts import Hosts, Manners
from scrapers.robots import RobotsFile, max_age_s

SITE = "http://127.0.0.1:1"
RULES = (
    b"User-agent: *\nDisallow: /all\nUser-agent: likewise\nDisallow: /likewise\nCrawl-delay: 7\n"
)


class Settings(dict):
    getfloat = dict.get


SETTINGS = Settings(ROBOTSTXT_USER_AGENT="likewise", ROBOTS_MIN_AGE_S=1.0, ROBOTS_MAX_AGE_S=86400.0)


def answer(status=200, body=RULES, **headers):
    return Response(f"{SITE}/robots.txt", status=status, body=body, headers=headers)


def redirect(to):
    return answer(301, b"", Location=to)


class Site:
    """A robots.txt whose answers come in the order given, the last one for ever."""

    def __init__(self, *answers, patience_s=60.0):
        self.asked = []
        self.answers = list(answers)
        rules = Manners(
            patience_s=patience_s, retry_times=1, backoff_s=0.001, backoff_max_s=0.001,
            retry_after_max_s=900.0,
        )  # fmt: skip
        self.hosts = Hosts(rules)
        self.changes = 0
        self.hosts.changed = self.change
        self.file = RobotsFile(SITE, self.hosts, SETTINGS, self.ask)

    def change(self):
        self.changes += 1

    async def ask(self, request):
        self.asked.append(request.url)
        await asyncio.sleep(0)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return given

    def verdict(self, path):
        async def read():
            await asyncio.wait_for(self.file.until_fresh(), 60)
            self.file.check(SITE + path)

        try:
            asyncio.run(read())
        except IgnoreRequest as err:
            return str(err)
        return "allowed"


def test_rules_for_our_name_are_obeyed_and_asked_for_once():
    site = Site(answer())
    verdicts = [site.verdict(path) for path in ("/all", "/likewise/x", "/all")]
    assert verdicts == ["allowed", "robots.txt disallows it", "allowed"]
    assert site.asked == [f"{SITE}/robots.txt"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_site_without_robots_txt_allows_everything(status):
    assert Site(answer(status)).verdict("/likewise") == "allowed"


UNREACHABLE = [
    *map(answer, (204, 302, 429, 500, 503)),
    TimeoutError(), IgnoreRequest("x"), redirect("/robots.txt"), redirect("http://127.0.0.1:2/"),
]  # fmt: skip


@pytest.mark.parametrize("bad", UNREACHABLE, ids=str)
def test_robots_txt_that_cannot_be_had_disallows_everything(bad):
    site = Site(bad, patience_s=0.02)
    assert "robots.txt cannot be had" in site.verdict("/a")
    assert len(site.asked) > 1
    with pytest.raises(LeftAloneError):
        site.file.check(SITE + "/a")


@pytest.mark.parametrize("bad", UNREACHABLE, ids=str)
def test_robots_txt_that_comes_back_is_waited_for(bad):
    site = Site(*[bad] * 20, answer())
    assert site.verdict("/a") == "allowed"


def test_redirects_inside_the_site_are_followed_up_to_five():
    hops = [redirect(f"/robots-{n}.txt") for n in range(5)]
    assert Site(*hops, answer()).verdict("/likewise") == "robots.txt disallows it"
    assert "more than 5 times" in Site(*[redirect("/r.txt")] * 9, answer(), patience_s=0.0).verdict(
        "/a"
    )


def test_crawl_delay_is_taken_over_up_to_a_minute():
    for line, seconds in ((b"7", 7.0), (b"3600", 60.0), (b"-1", 0.0), (b"x", 0.0)):
        site = Site(answer(body=RULES.replace(b"delay: 7", b"delay: " + line)))
        site.verdict("/a")
        assert site.hosts.of(SITE).crawl_delay_s == seconds


def test_half_a_megabyte_is_parsed_and_no_more():
    padding = b"# " + b"x" * 100 + b"\n"
    near = padding * (490 * 1024 // len(padding)) + RULES
    far = padding * (501 * 1024 // len(padding)) + RULES
    assert Site(answer(body=near)).verdict("/likewise") == "robots.txt disallows it"
    assert Site(answer(body=far)).verdict("/likewise") == "allowed"


def test_rules_in_another_encoding_or_with_a_mark_at_their_start_are_read():
    for body in (b"\xef\xbb\xbf" + RULES, b"# \xff\xfe\n" + RULES):
        assert Site(answer(body=body)).verdict("/likewise") == "robots.txt disallows it"


def test_rules_that_expire_are_read_again_and_may_turn():
    site = Site(answer(), answer(body=b"User-agent: *\nDisallow: /\n"))
    assert site.verdict("/a") == "allowed"
    site.file.expire()
    assert not site.file.is_fresh
    assert site.verdict("/a") == "robots.txt disallows it"
    assert len(site.asked) == site.changes == 2


def test_rules_that_were_just_read_are_not_read_again_for_a_refusal():
    site = Site(answer())
    site.verdict("/a")
    site.file.expire(younger_than_s=60.0)
    assert site.file.is_fresh
    site.file.expire(younger_than_s=0.0)
    assert not site.file.is_fresh


def test_reading_lasts_until_a_request_can_follow_it_and_a_day_at_most():
    site = Site(answer(**{"Cache-Control": "max-age=0"}))
    short = Settings(SETTINGS | {"ROBOTS_MIN_AGE_S": 0.0})
    site.file = RobotsFile(SITE, site.hosts, short, site.ask)
    host = site.hosts.of(SITE)
    host.delay_s = 60.0
    assert site.verdict("/a") == "allowed"
    assert site.file.is_fresh
    host.delay_s = 0.0
    assert not site.file.is_fresh
    host.delay_s = 1e9
    site.file.expire()
    assert not site.file.is_fresh


def test_reading_ends_when_the_crawl_is_told_to_stop():
    site = Site(answer(503))

    async def stopped():
        waits = asyncio.ensure_future(site.file.until_fresh())
        await asyncio.sleep(0)
        site.hosts.stop()
        await waits

    with pytest.raises(CrawlStoppingError):
        asyncio.run(asyncio.wait_for(stopped(), 60))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), (b"", None), (b"public", None), (b"max-age=60", 60.0),
        (b"public, Max-Age=5, s-maxage=9", 5.0), (b"s-maxage=9", None), (b"no-cache", 0.0),
        (b'max-age="7"', 7.0), (b"max-age=x", None), (b"no-store, max-age=60", 0.0),
    ],
)  # fmt: skip
def test_max_age_is_read(header, seconds):
    assert max_age_s(header) == seconds
