"""Pages drawn by a real Chromium, by way of a server that sees what it loads."""

import os
import signal
import subprocess
from collections import Counter
from itertools import pairwise

import pytest

from tests.scrapers.drawn import drawn_site
from tests.scrapers.wire import ended, probe, reply, start_probe, wired

pytestmark = pytest.mark.browser
DRAWN = "li.item"
QUICK = {"BROWSER_HUNG_AFTER_S": 12.0, "BROWSER_DRAWS_WITHIN_MS": 8000, "RETRY_TIMES": 1}


def pages(wire, count, *marks):
    return [
        f"{wire.url}/page?{number}{mark}" for number, mark in enumerate([*marks, *[""] * count])
    ]


def loads(wire):
    return Counter(path.partition("?")[0] for path in wire.paths())


def is_drawn(end):
    return end.startswith("200 2")


def test_pages_load_documents_scripts_and_data_of_the_site_and_a_script_once():
    with wired(drawn_site) as wire:
        found = probe(pages(wire, 7), browser=DRAWN, settings={"BROWSER_PAGES_OF_CONTEXT": 3})
        assert loads(wire) == {"/robots.txt": 1, "/page": 7, "/draw.js": 1, "/data": 7}
        assert all(is_drawn(end) for (end,) in found["ends"].values())
        assert found["stats"]["playwright/context_count"] == 3
        assert found["stats"]["playwright/page_count/closed"] == 7


def test_stock_handler_loads_pictures_styles_and_sockets():
    with wired(drawn_site) as wire:
        probe(pages(wire, 3), browser=DRAWN, stock=True)
        seen = loads(wire)
        assert min(seen["/picture.png"], seen["/site.css"], seen["/socket"]) == 3
        assert seen["/draw.js"] == 3


DELAY_S = 0.4


@pytest.mark.parametrize("is_stock", [False, True], ids=["ours", "stock"])
def test_what_pages_load_is_paced_like_any_request(is_stock):
    with wired(drawn_site) as wire:
        probe(pages(wire, 3), browser=DRAWN, stock=is_stock, settings={"DOWNLOAD_DELAY": DELAY_S})
        begun = [exchange.begun for exchange in wire.asked]
        is_paced = min(later - earlier for earlier, later in pairwise(begun)) > DELAY_S - 0.15
        assert is_paced is not is_stock


def test_data_that_robots_txt_disallows_is_not_loaded():
    def answer(path, nth):
        rules = b"User-agent: *\nDisallow: /data\n"
        return reply(rules) if path == "/robots.txt" else drawn_site(path, nth)

    with wired(answer) as wire:
        found = probe(pages(wire, 1), browser=DRAWN)
        assert loads(wire) == {"/robots.txt": 1, "/page": 1, "/draw.js": 1}
        assert "failed" not in found["ends"]


def test_page_that_robots_txt_disallows_is_not_opened():
    def answer(path, nth):
        rules = b"User-agent: *\nDisallow: /page\n"
        return reply(rules) if path == "/robots.txt" else drawn_site(path, nth)

    with wired(answer) as wire:
        (end,) = probe(pages(wire, 1), browser=DRAWN)["ends"].values()
        assert end == ["IgnoreRequest robots.txt disallows it"]
        assert loads(wire) == {"/robots.txt": 1}


def test_bad_documents_are_tried_again():
    def answer(path, nth):
        if path == "/page?0" and nth == 1:
            return reply(status=500)
        if path == "/page?1" and nth == 1:
            return lambda connection: None
        if path == "/page?2":
            return reply(status=404)
        return drawn_site(path, nth)

    with wired(answer) as wire:
        urls = pages(wire, 3)
        found = probe(urls, browser=DRAWN)["ends"]
        assert is_drawn(found[urls[0]][0])
        assert is_drawn(found[urls[1]][0])
        assert found[urls[2]] == ["HttpError 404"]


def test_page_that_hangs_or_stays_blank_fails_alone():
    with wired(drawn_site) as wire:
        urls = pages(wire, 3, "spin", "blank")
        found = probe(urls, browser=DRAWN, settings=QUICK)["ends"]
        assert [is_drawn(found[url][0]) for url in urls] == [False, False, True, True, True]
        assert loads(wire)["/page"] >= 3 + 2 * 2


def browser_of(process):
    """Process id of the browser that a crawl started."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    family = {process.pid}
    for _ in range(4):  # crawl, driver, browser, and a shell between them
        family |= {int(pid) for pid, parent, _ in rows if int(parent) in family}
    (found,) = {
        int(pid) for pid, _, what in rows if int(pid) in family and "--likewise-crawl=" in what
    }
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_browser_that_dies_or_hangs_costs_no_page(how):
    def answer(path, nth):
        if path == "/data?4" and nth == 1:
            hit.append(browser_of(process))
            os.kill(hit[0], how)
        return drawn_site(path, nth)

    hit = []
    with wired(answer) as wire:
        process = start_probe(pages(wire, 9), browser=DRAWN, settings=QUICK)
        found = ended(process)
        assert len(hit) == 1
        assert all(is_drawn(end) for (end,) in found["ends"].values())
        assert found["stats"]["playwright/browser_count"] >= 2
        with pytest.raises(ProcessLookupError):
            os.kill(hit[0], 0)
