import logging

import pytest
from scrapy import Request
from scrapy.http import Response

from scrapers.privacy import QuietLogFormatter, install_redaction
from scrapers.records import LikesPage
from scrapers.spiders.sketchfab import SketchfabSpider

URLS = [
    "http://127.0.0.1:1/v3/users/secret%2Fhandle/likes?count=24",
    "<GET http://127.0.0.1:1/v3/users/secret> (referer: http://x/v3/users/secret)",
    "https://x/v3/models?user=secret&count=24",
    "https://x/v3/models?count=24&user=secret",
]


@pytest.fixture(params=[True, False], ids=["redacted", "twin"])
def is_redacted(request):
    take_off = install_redaction(SketchfabSpider.personal_patterns if request.param else ())
    yield request.param
    take_off()


@pytest.mark.parametrize("url", URLS)
def test_handles_in_urls_are_hidden(caplog, is_redacted, url):
    logging.getLogger("any").warning("Gave up %(request)s", {"request": url})
    assert ("secret" in caplog.text) is not is_redacted
    assert "Gave up" in caplog.text


def test_handles_in_tracebacks_are_hidden(caplog, is_redacted):
    try:
        int(URLS[0])
    except ValueError:
        logging.getLogger("any").exception("failed")
    assert ("secret" in caplog.text) is not is_redacted
    assert "Traceback" in caplog.text


def test_other_urls_stay_as_they_are(caplog):
    take_off = install_redaction(SketchfabSpider.personal_patterns)
    logging.getLogger("any").warning("http://x/i/likes?model=m1&offset=24 %d%%", 7)
    take_off()
    assert "http://x/i/likes?model=m1&offset=24 7%" in caplog.text


def test_items_are_never_put_into_a_log_line():
    page = LikesPage("m1", ("secret",), ("m1",), (None,), None)
    formatter = QuietLogFormatter()
    request = Request("http://x")
    answer = Response("http://x", request=request)
    assert formatter.scraped(page, answer, None) is None
    for line in (
        formatter.dropped(page, ValueError("secret"), answer, None),
        formatter.item_error(page, ValueError("secret"), answer, None),
    ):
        assert "secret" not in line["msg"] % line["args"]
