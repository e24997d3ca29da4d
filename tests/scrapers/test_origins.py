from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.crawler import CrawlerRunner
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import dnscache
from twisted.internet.error import DNSLookupError

from scrapers.origins import OriginMiddleware, PublicResolver, is_public

SITE = "http://127.0.0.1:1"


@pytest.mark.parametrize("url", [f"{SITE}/a", f"{SITE}/b?c"])
def test_own_origin_is_asked(url):
    OriginMiddleware(frozenset({SITE})).process_request(Request(url))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:2/a", "https://127.0.0.1:1/a", "http://127.0.0.1/", "http://x.org/"]
)
def test_other_scheme_host_or_port_is_not_asked(url):
    with pytest.raises(IgnoreRequest, match="off the site"):
        OriginMiddleware(frozenset({SITE})).process_request(Request(url))


def test_spider_without_origins_asks_nothing():
    crawler = SimpleNamespace(spider=SimpleNamespace())
    with pytest.raises(IgnoreRequest):
        OriginMiddleware.from_crawler(crawler).process_request(Request(SITE))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1",
        "::ffff:10.0.0.1",
    ],
)  # fmt: skip
def test_addresses_of_no_use_to_a_crawl_are_not(address):
    assert not is_public(address)


class Runner(CrawlerRunner):
    """Runs one crawl of the site named."""

    def __init__(self, site):
        super().__init__()
        self._crawlers = [SimpleNamespace(spider=SimpleNamespace(origins=frozenset({site})))]


@pytest.fixture
def resolve(monkeypatch):
    """Function that gives the address or the error of a name whose address is known."""

    def resolving(name, address, site="https://shop.example"):
        monkeypatch.setitem(dnscache, name, address)
        runner = Runner(site)
        resolver = PublicResolver.from_crawler(runner, SimpleNamespace())
        got = []
        resolver.getHostByName(name).addBoth(got.append)
        return getattr(got[0], "value", got[0])

    monkeypatch.setattr(dnscache, "limit", 100)
    return resolving


def test_name_of_a_site_with_a_public_address_is_resolved(resolve):
    assert resolve("shop.example", "93.184.216.34") == "93.184.216.34"


def test_name_of_a_site_that_leads_into_a_private_network_is_not(resolve):
    error = resolve("shop.example", "192.168.0.10")
    assert isinstance(error, DNSLookupError)


def test_site_that_is_an_address_itself_may_be_private(resolve):
    assert resolve("10.0.0.7", "10.0.0.7", site="http://10.0.0.7:8000") == "10.0.0.7"
    assert resolve("localhost", "127.0.0.1", site="http://localhost:8000") == "127.0.0.1"


def test_proxy_may_be_private(resolve):
    assert resolve("proxy.corp", "10.0.0.8") == "10.0.0.8"
