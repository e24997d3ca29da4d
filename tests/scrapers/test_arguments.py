import re

import pytest

from scrapers.arguments import (
    RUN_ID_PATTERN,
    Worker,
    is_loopback,
    origin,
    read_arguments,
    same_page,
)
from scrapers.records import CatalogueSource, Mode, Side, Stage


def test_defaults_are_filled_in():
    faults = []
    asked = read_arguments({"base_url": "https://example.org/"}, faults)
    assert faults == []
    assert (asked.base_url, asked.api_url) == ("https://example.org", "https://example.org")
    assert (asked.stage, asked.catalogue, asked.side) == (
        Stage.CATALOGUE, CatalogueSource.BROWSER, Side.ITEM,
    )  # fmt: skip
    assert (asked.like_floor, asked.mode, asked.worker) == (5, Mode.FULL, Worker(1, 1))
    assert re.fullmatch(RUN_ID_PATTERN, asked.run_id)


def test_default_run_ids_sort_by_time():
    given = {"base_url": "https://example.org"}
    first, second = (read_arguments(given, []).run_id for _ in range(2))
    assert first < second


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", ""), ("base_url", "example.org"), ("base_url", "ftp://example.org"),
        ("base_url", "http://u:p@example.org"), ("base_url", "http://example.org:99999"),
        ("base_url", "http://example.org/?q=1"), ("api_url", "file:///etc"), ("stage", "all"),
        ("catalogue", "html"), ("side", "both"), ("like_floor", "-1"), ("like_floor", "5.0"),
        ("like_floor", "٣"), ("run_id", ".."), ("run_id", "a/b"), ("run_id", "x" * 101),
        ("depth", "3"), ("mode", "daily"), ("worker", "0/2"), ("worker", "3/2"), ("worker", "2"),
        ("worker", "1/0"), ("worker", "1/100"), ("worker", "-1/2"), ("worker", "٣/٤"),
    ],
)  # fmt: skip
def test_fault_is_named(name, value):
    faults = []
    read_arguments({"base_url": "https://example.org", name: value}, faults)
    assert len(faults) == 1
    assert faults[0].startswith(name)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True), ("http://127.9.9.9", True), ("http://[::1]:1", True),
        ("http://localhost", True), ("http://127.0.0.1.example.org", False),
        ("http://192.168.0.1", False), ("https://sketchfab.com", False),
    ],
)  # fmt: skip
def test_loopback_is_this_machine_only(url, expected):
    assert is_loopback(url) is expected


def test_origin_has_the_port():
    assert origin("http://127.0.0.1:8000/a?b#c") == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ("/i/likes?model=a%20b&offset=0", True), ("/i/likes?offset=0&model=a+b&hop=1", True),
        ("/i/likes/?model=a+b&offset=0", True), ("/i/likes?model=c&offset=0", False),
        ("/i/likes?model=a+b&offset=20", False), ("/i/likes?model=a+b", False),
        ("/robots.txt?model=a+b&offset=0", False),
    ],
)  # fmt: skip
def test_redirect_may_add_to_a_url_and_not_change_what_was_asked(got, expected):
    asked = "http://127.0.0.1:8000/i/likes?model=a+b&offset=0"
    assert same_page(asked, f"http://127.0.0.1:8000{got}") is expected


def test_process_that_shares_a_crawl_lands_a_run_of_its_own():
    given = {"base_url": "https://example.org", "run_id": "r1", "worker": "2/3"}
    asked = read_arguments(given, [])
    assert (asked.run_id, asked.landing_id) == ("r1", "r1.2-of-3")
    assert re.fullmatch(RUN_ID_PATTERN, asked.landing_id)
    alone = read_arguments({**given, "worker": "1/1"}, [])
    assert alone.landing_id == "r1"


@pytest.mark.parametrize("more", [{}, {"worker": "2/3", "mode": "incremental", "side": "user"}])
def test_arguments_as_given_ask_for_the_same_crawl(more):
    faults = []
    asked = read_arguments({"base_url": "https://example.org", "stage": "likes", **more}, faults)
    assert read_arguments(asked.as_given(), faults) == asked
    assert faults == []
