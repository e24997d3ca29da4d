import pytest

from serving.foreign import safe_url

HOSTS = ("example.org", "127.0.0.1:8900")


@pytest.mark.parametrize(
    "url", ["http://example.org/a", "HTTPS://EXAMPLE.ORG:8/a", "http://127.0.0.1:8900/"]
)
def test_addresses_on_the_hosts_of_a_site_are_safe(url):
    assert safe_url(url, HOSTS) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org/a",
        "/a",
        "http://other.org/",
        "http://example.org@other.org/",
        "http://user@example.org/",
        "http://example.org.other.org/",
        "http://127.0.0.1:8901/",
        "http://example.org\\@other.org/",
        "http://exam\nple.org/",
        "http://[::1/",
        "ftp://example.org/",
    ],
)
def test_all_other_addresses_are_not(url):
    assert safe_url(url, HOSTS) is None
