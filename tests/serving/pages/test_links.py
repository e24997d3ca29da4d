import pytest

from serving.pages.links import group_url, item_url, page_url, site_url, trail_text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (site_url("s", "search", q="a&b"), "/s/search?q=a%26b"),
        (site_url("s", "taste", like=["a", "b"], off=()), "/s/taste?like=a&like=b"),
        (item_url("s", "a/b?#%"), "/s/items/a%2Fb%3F%23%25"),
        (
            site_url("s", "items", "c", trail=trail_text(["a,b", "d"])),
            "/s/items/c?trail=a%252Cb%2Cd",
        ),
        (group_url("s", "category", "é"), "/s/categories/%C3%A9"),
        (page_url("/about"), "/about"),
    ],
)
def test_urls_are_encoded_once_and_leave_out_what_is_empty(url, expected):
    assert url == expected
