import asyncio
import time
from datetime import UTC, datetime

import pytest

from scrapers.errors import CrawlStoppingError, LeftAloneError
from scrapers.hosts import Hosts, Manners, is_bad, retry_after_s

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "http://127.0.0.1:1/a"


def manners(**changed):
    given = {
        "patience_s": 3600.0, "retry_times": 4, "backoff_s": 2.0, "backoff_max_s": 60.0,
        "retry_after_max_s": 900.0,
    }  # fmt: skip
    return Manners(**given | changed)


@pytest.fixture
def host():
    return Hosts(manners()).of(URL)


def pause_of(host):
    return host.opens_at - time.monotonic()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120.0), (b" 0 ", 0.0), (b"Sun, 01 Nov 2026 00:01:00 GMT", 60.0),
        (b"Sat, 31 Oct 2026 00:00:00 GMT", 0.0), (b"soon", None), (b"-5", None), (b"", None),
        (None, None), (b"1.5", None), (b"9" * 400, float("inf")), (b"\xff\xfe", None),
        (b"Sun, 01 Nov 99999 00:01:00 GMT", None), (b"1 2 3 4 5 6 7", None),
    ],
)  # fmt: skip
def test_both_forms_of_retry_after_are_read(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize("status", [300, 304, 401, 403, 408, 429, 500, 503, 599, 999])
def test_answers_that_may_pass_are_bad(status):
    assert is_bad(status)


@pytest.mark.parametrize("status", [200, 204, 400, 404, 410, 451])
def test_answers_that_stay_are_not_bad(status):
    assert not is_bad(status)


@pytest.mark.parametrize("status", [429, 503])
def test_host_is_held_for_the_pause_that_it_asks_for(host, status):
    host.note_answer(URL, status, b"60")
    assert pause_of(host) == pytest.approx(60, abs=1)


@pytest.mark.parametrize(("status", "header"), [(500, b"60"), (200, b"60"), (429, None)])
def test_answer_without_a_pause_holds_nothing(host, status, header):
    host.note_answer(URL, status, header)
    assert pause_of(host) <= 0


def test_good_answer_of_another_page_ends_no_pause(host):
    host.note_answer(URL, 429, b"60")
    host.note_answer(URL, 200, None)
    assert pause_of(host) > 50


def test_hosts_are_held_apart_and_their_ports_together():
    hosts = Hosts(manners())
    hosts.of("http://a.org:1/x").note_answer(URL, 429, b"60")
    assert pause_of(hosts.of("https://a.org:2/")) > 50
    assert pause_of(hosts.of("http://b.org/")) <= 0


def test_pause_over_the_cap_leaves_the_host_alone(host):
    host.note_answer(URL, 429, b"901")
    with pytest.raises(LeftAloneError, match="pause of 901 s, over 900 s"):
        host.check()


def test_pause_of_the_cap_is_waited_for(host):
    host.note_answer(URL, 429, b"900")
    host.check()
    assert pause_of(host) > 890


def test_host_whose_answers_are_all_bad_is_held_ever_longer(host):
    for _ in range(4):
        host.note_failure()
    assert pause_of(host) <= 0
    assert not host.is_failing
    host.note_failure()
    assert host.is_failing
    assert 1.0 <= pause_of(host) + 0.01 <= 2.02


def test_failures_of_what_was_under_way_do_not_lengthen_the_hold(host):
    for _ in range(20):
        host.note_failure()
    assert pause_of(host) <= 2.0


def test_host_that_redirects_is_well_but_such_a_page_proves_nothing(host):
    for _ in range(6):
        host.note_failure()
    host.note_answer(URL, 302, None)
    assert not host.is_failing
    assert not host.well_urls


def test_good_answer_ends_the_hold(host):
    for _ in range(6):
        host.note_failure()
    host.note_answer(URL, 200, None)
    assert pause_of(host) <= 0
    assert not host.is_failing


def test_host_without_a_good_answer_is_left_alone_when_patience_is_over():
    host = Hosts(manners(patience_s=0.0)).of(URL)
    host.note_failure()
    with pytest.raises(LeftAloneError, match="no good answer"):
        host.check()


@pytest.mark.parametrize(("refusals", "is_left_alone"), [(9, False), (10, True)])
def test_ten_refusals_in_a_row_end_the_crawl_there(host, refusals, is_left_alone):
    for _ in range(9):
        host.note_answer(URL, 403, None)
    host.note_answer(URL, 404, None)  # a page that is gone: the row is broken
    for _ in range(refusals):
        host.note_answer(URL, 401, None)
    assert (host.left_alone is not None) is is_left_alone


def test_backoff_doubles_to_its_cap_with_full_jitter():
    rules = manners()
    assert [rules.longest_backoff(n) for n in (1, 2, 3, 6, 1000)] == [2.0, 4.0, 8.0, 60.0, 60.0]
    waits = [rules.backoff(3) for _ in range(200)]
    assert 0 <= min(waits) < 2
    assert 6 < max(waits) <= 8


def test_waits_end_when_the_crawl_is_told_to_stop():
    hosts = Hosts(manners())
    hosts.of(URL).note_answer(URL, 429, b"600")

    async def stopped():
        waits = asyncio.ensure_future(hosts.until_open(hosts.of(URL)))
        await asyncio.sleep(0)
        assert not waits.done()
        hosts.stop()
        await waits

    with pytest.raises(CrawlStoppingError):
        asyncio.run(asyncio.wait_for(stopped(), 60))


def test_open_host_is_not_waited_for():
    hosts = Hosts(manners())
    asyncio.run(asyncio.wait_for(hosts.until_open(hosts.of(URL)), 60))
