"""What a server sees of a crawl: when it was asked and how much at once; stock Scrapy beside it."""

import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count, pairwise
from math import inf

import pytest

from tests.scrapers.wire import ended, probe, reply, start_probe, wired

STOCK = {"stock": True}
HAND_OVER_S = 0.1  # from when a request may go until it leaves
PAGES = [f"/{number}" for number in range(12)]


def gaps(wire):
    begun = sorted(exchange.begun for exchange in wire.asked)
    return [later - earlier for earlier, later in pairwise(begun)]


def at_once(wire):
    """Most requests that were under way at the same time."""
    steps = [(x.begun, 1) for x in wire.asked] + [(x.ended, -1) for x in wire.asked]
    level = most = 0
    for _, step in sorted(steps):
        level += step
        most = max(most, level)
    return most


def asked_between(wire, start, end):
    return [x.path for x in wire.asked if start + HAND_OVER_S < x.begun < end]


def first_answer(found, wire, path):
    """When the crawl had the first answer to a path."""
    return found["got"][wire.url + path][0]


def crawl(wire, paths=PAGES, **asked):
    return probe([wire.url + path for path in paths], base=wire.url, **asked)


DELAY_S = 0.4


@pytest.mark.parametrize(
    ("workers", "least_s"), [(1, DELAY_S), (3, 3 * DELAY_S)], ids=["alone", "one of three"]
)
def test_requests_are_never_closer_than_the_delay(workers, least_s):
    with wired(lambda path, nth: None) as wire:
        settings = {"DOWNLOAD_DELAY": DELAY_S, "CRAWL_WORKERS": workers}
        crawl(wire, PAGES[: 9 // workers], settings=settings)
        assert "/robots.txt" in wire.paths()
        assert min(gaps(wire)) > least_s - HAND_OVER_S


def test_stock_scrapy_sends_some_of_them_too_early():
    """Its delays are drawn from half to one and a half of what was set, here a second."""
    draws = (random.Random(seed) for seed in range(100_000))
    is_short = (all(draw.uniform(-0.5, 0.5) < -0.38 for _ in range(4)) for draw in draws)
    seed = next(seed for seed, found in enumerate(is_short) if found)
    with wired(lambda path, nth: None) as wire:
        crawl(wire, PAGES[:5], stock=True, settings={"DOWNLOAD_DELAY": 1.0}, seed=seed)
        assert min(gaps(wire)) < 1.0 - HAND_OVER_S


def test_crawl_delay_of_the_site_is_kept():
    rules = b"User-agent: *\nCrawl-delay: 0.4\n"
    with wired(lambda path, nth: reply(rules) if path == "/robots.txt" else None) as wire:
        crawl(wire, PAGES[:4])
        assert min(gaps(wire)) > 0.4 - HAND_OVER_S


@pytest.mark.parametrize(("workers", "most"), [(1, 4), (2, 2), (9, 1)])
def test_no_more_is_under_way_than_allowed(workers, most):
    full = threading.Barrier(most)

    def answer(path, nth):
        if path != "/robots.txt":
            full.wait(60)
            wire.closing.wait(0.1)  # one more would come by now

    with wired(answer) as wire:
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 4, "CRAWL_WORKERS": workers}
        crawl(wire, PAGES[:8], settings=settings)
        assert at_once(wire) == most


def pausing(form, status=429, pause_s=1):
    """Answers a page with a pause, by date of one to two seconds, and notes until when."""
    window = {}

    def answer(path, nth):
        if path != "/3" or nth > 1:
            return None
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        asked = format_datetime(until, usegmt=True) if form == "date" else str(pause_s)
        seconds = (until - datetime.now(UTC)).total_seconds() if form == "date" else pause_s
        window["until"] = time.monotonic() + seconds
        return reply(status=status, Retry_After=asked)

    return answer, window


@pytest.mark.parametrize(("form", "status"), [("seconds", 429), ("date", 429), ("seconds", 503)])
def test_nothing_is_asked_within_a_pause(form, status):
    answer, window = pausing(form, status)
    with wired(answer) as wire:
        found = crawl(wire, settings={"DOWNLOAD_DELAY": 0.03})
        assert asked_between(wire, first_answer(found, wire, "/3"), window["until"] - 0.01) == []
        assert {len(ends) for ends in found["ends"].values()} == {1}
        assert all(end.startswith("200") for (end,) in found["ends"].values())


def test_stock_scrapy_asks_on_within_a_pause():
    answer, window = pausing("seconds", pause_s=60)
    with wired(answer) as wire:
        settings = {"DOWNLOAD_DELAY": 0.03, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
        found = crawl(wire, stock=True, settings=settings)
        assert asked_between(wire, first_answer(found, wire, "/3"), window["until"]) != []


def test_host_that_asks_for_a_day_and_more_is_left_alone_at_once():
    def answer(path, nth):
        return reply(status=429, Retry_After="86401") if path == "/3" else None

    with wired(answer) as wire:
        found = crawl(wire, settings={"DOWNLOAD_DELAY": 0.03})
        assert wire.paths().count("/3") == 1
        assert asked_between(wire, first_answer(found, wire, "/3"), inf) == []
        assert found["ends"][wire.url + "/9"][0].startswith(
            "LeftAloneError 127.0.0.1 is left alone"
        )


def failing_robots(path, nth):
    return reply(status=503) if path == "/robots.txt" and nth <= 3 else None


def test_nothing_is_asked_before_robots_txt_is_known():
    with wired(failing_robots) as wire:
        found = crawl(wire)
        assert wire.paths()[:4] == ["/robots.txt"] * 4
        assert all(end.startswith("200") for (end,) in found["ends"].values())


def test_stock_scrapy_takes_an_error_for_leave():
    with wired(failing_robots) as wire:
        crawl(wire, stock=True, settings={"ROBOTSTXT_OBEY": True, "RETRY_TIMES": 0})
        assert len(wire.asked) == 1 + len(PAGES)


def turning_robots(path, nth):
    """Allows everything for a second, then nothing."""
    if path == "/robots.txt":
        rules = b"User-agent: *\nDisallow:" + (b"\n" if nth == 1 else b" /\n")
        return reply(rules, Cache_Control="max-age=1")
    return None


MANY = [f"/{number}" for number in range(36)]


def test_nothing_is_asked_after_robots_txt_turned():
    with wired(turning_robots) as wire:
        found = crawl(wire, MANY, settings={"DOWNLOAD_DELAY": 0.05})
        _, second, *later = wire.of("/robots.txt")
        assert second.begun - first_answer(found, wire, "/robots.txt") > 0.9
        asked = [x for x in wire.asked if x.begun > second.begun]
        assert asked == later  # rules that are too old a third time
        assert len(wire.asked) < 32
        ends = [end for (end,) in found["ends"].values()]
        assert len(ends) == len(MANY)
        assert sum(end.startswith("200") for end in ends) == len(wire.asked) - 2 - len(later)
        assert {end for end in ends if not end.startswith("200")} == {
            "IgnoreRequest robots.txt disallows it"
        }


def test_stock_scrapy_reads_robots_txt_once():
    with wired(turning_robots) as wire:
        crawl(wire, MANY, stock=True, settings={"ROBOTSTXT_OBEY": True, "DOWNLOAD_DELAY": 0.05})
        assert len(wire.of("/robots.txt")) == 1
        assert len(wire.asked) == 1 + len(MANY)


def test_robots_txt_is_read_anew_on_sighup():
    pages = count(1)

    def answer(path, nth):
        if path == "/robots.txt":
            return reply(b"User-agent: *\nDisallow:" + (b"\n" if nth == 1 else b" /\n"))
        if next(pages) == 10:
            process.send_signal(signal.SIGHUP)
        return None

    with wired(answer) as wire:
        urls = [wire.url + path for path in MANY]
        process = start_probe(urls, settings={"DOWNLOAD_DELAY": 0.03})
        ended(process)
        assert len(wire.of("/robots.txt")) == 2
        assert 10 < len(wire.asked) < 30


@pytest.mark.parametrize("is_stock", [False, True], ids=["ours", "stock"])
def test_outage_costs_time_and_few_requests_but_no_page(is_stock):
    """Stock Scrapy's has no end: it asks all that it will ask within it, however slowly."""
    outage = {}

    def answer(path, nth):
        if path == "/robots.txt":
            return None
        until = outage.setdefault("until", inf if is_stock else time.monotonic() + 2.5)
        return (lambda connection: None) if time.monotonic() < until else None

    with wired(answer) as wire:
        settings = {"ROBOTSTXT_OBEY": False, "CONCURRENT_REQUESTS": 16}
        found = crawl(wire, MANY, stock=is_stock, settings={} if not is_stock else settings)
        ends = [end.startswith("200") for (end,) in found["ends"].values()]
        within = [x for x in wire.asked if x.begun < outage["until"]]
        assert not any(ends) if is_stock else all(ends)
        assert (len(within) > 2 * len(MANY)) is is_stock


def test_outage_in_mid_crawl_is_seen_by_pages_that_were_well():
    """Hundreds wait, a few ask now and then; those are pages that answered before."""
    outage = {"least": inf, "until": inf, "again": 0}

    def answer(path, nth):
        """Down from page 20 on for two seconds, and until two were asked again."""
        now = time.monotonic()
        if path == "/20" and nth == 1:
            outage["least"] = now + 2.0
        if outage["least"] == inf or outage["until"] < inf:
            return None
        if now >= outage["least"] and outage["again"] >= 2:
            outage["until"] = now
            return None
        outage["again"] += nth > 1
        return lambda connection: None

    with wired(answer) as wire:
        found = crawl(wire, MANY, settings={"RETRY_TIMES": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 2})
        assert all(end.startswith("200") for (end,) in found["ends"].values())
        within = [x.path for x in wire.asked if x.begun < outage["until"]]
        asked_again = [path for path in within[21:] if within.count(path) > 1]
        assert 2 <= len(asked_again) <= 12
        assert len(within) < 45


def test_nothing_is_asked_while_a_later_reading_of_robots_txt_fails():
    def answer(path, nth):
        if path != "/robots.txt":
            return None
        if 2 <= nth <= 4:
            return reply(status=503)
        return reply(b"User-agent: *\nDisallow:\n", Cache_Control="max-age=1")

    with wired(answer) as wire:
        found = crawl(wire, MANY, settings={"DOWNLOAD_DELAY": 0.05})
        second, until = wire.of("/robots.txt")[1], found["got"][wire.url + "/robots.txt"][4]
        asked = [x.path for x in wire.asked if second.begun <= x.begun < until]
        assert asked == ["/robots.txt"] * 4
        assert all(end.startswith("200") for (end,) in found["ends"].values())


def test_waits_end_when_the_crawl_is_told_to_stop():
    def answer(path, nth):
        if path == "/3":
            process.send_signal(signal.SIGTERM)
            return reply(status=429, Retry_After="600")
        return None

    with wired(answer) as wire:
        settings = {"DOWNLOAD_DELAY": 0.1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
        process = start_probe([wire.url + path for path in PAGES], settings=settings)
        found = ended(process, timeout_s=300)  # the pause is no part of it
        assert wire.paths()[-1] == "/3"  # nothing is asked after it
        assert len(wire.asked) < len(PAGES)
        stopped = [end for ends in found["ends"].values() for end in ends if "Stopping" in end]
        assert stopped


def test_page_that_always_fails_is_given_up_and_others_are_not():
    def answer(path, nth):
        return reply(status=500) if path == "/bad" else None

    with wired(answer) as wire:
        settings = {"RETRY_TIMES": 2, "CONCURRENT_REQUESTS": 1}
        found = crawl(wire, ["/0", "/bad"], settings=settings)
        assert found["ends"][wire.url + "/bad"] == ["HttpError 500"]
        assert wire.paths() == ["/robots.txt", *["/0", "/bad"] * 3]


def test_site_that_refuses_is_asked_ten_times_and_some_under_way():
    with wired(lambda path, nth: reply(status=403) if path != "/robots.txt" else None) as wire:
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 2, "RETRY_BACKOFF_S": 0.01}
        found = crawl(wire, MANY, settings=settings)
        assert 10 <= len(wire.asked) - len(wire.of("/robots.txt")) <= 12
        assert all(end.startswith("LeftAloneError") for (end,) in found["ends"].values())


def redirecting(path, nth):
    """Redirects: to what was seen, without end for a while, off the site for a while."""
    to = {
        "/seen": "/page", "/loop": "/loop" if nth < 9 else None, "/ring-a": "/ring-b",
        "/ring-b": "/ring-a" if nth < 5 else "/page",
        "/off": "http://127.0.0.1:9/x" if nth < 3 else None,
        "/inside": "http://169.254.169.254/latest" if nth < 3 else "/page",
        "/nowhere": "ftp://x/" if nth < 2 else "/page", "/always": "http://10.0.0.1/",
    }.get(path)  # fmt: skip
    return reply(status=302, Location=to) if to else None


FOLLOWED = {
    "/seen": "/page", "/loop": "/loop", "/ring-a": "/page", "/off": "/off", "/inside": "/page",
    "/nowhere": "/page",
}  # fmt: skip


def test_redirects_inside_the_site_are_followed_and_others_are_bad_answers():
    with wired(redirecting) as wire:
        found = crawl(wire, ["/page", *FOLLOWED, "/always"])
        for path, target in FOLLOWED.items():
            assert found["ends"][wire.url + path] == [f"200 2 {wire.url}{target}"]
        assert found["ends"][wire.url + "/always"] == ["BadAnswerError redirects off the site"]
        assert len(wire.of("/always")) == 5


def test_redirect_off_the_site_is_given_up_though_nothing_else_is_asked():
    with wired(redirecting) as wire:
        crawl(wire, ["/always"], settings={"PATIENCE_S": 30.0})
        assert len(wire.of("/always")) == 5


def test_bad_body_is_asked_again_by_the_same_rule():
    def answer(path, nth):
        return reply(b"BAD") if path == "/bad" and nth < 3 else None

    with wired(answer) as wire:
        found = crawl(wire, ["/bad"])
        assert found["ends"][wire.url + "/bad"][0].startswith("200 2 ")
        assert "internal meta keys" not in found["log"]
