import pytest

from serving.pages.links import group_url, item_url, page_url, safe_url, site_url

HOSTS = ("example.org", "127.0.0.1:8900")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (site_url("s", "search", q="a&b"), "/s/search?q=a%26b"),
        (site_url("s", "taste", like=["a", "b"], off=()), "/s/taste?like=a&like=b"),
        (item_url("s", "a/b?#%"), "/s/items/a%2Fb%3F%23%25"),
        (item_url("s", "c", ["a,b", "d"]), "/s/items/c?trail=a%252Cb%2Cd"),
        (group_url("s", "category", "é"), "/s/categories/%C3%A9"),
        (page_url("/about"), "/about"),
    ],
)
def test_urls_are_encoded_once_and_leave_out_what_is_empty(url, expected):
    assert url == expected


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
