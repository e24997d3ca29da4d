import pytest

from serving.feedback.origins import is_allowed

SHOP = frozenset({"https://shop.example"})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "api.example"),
        (None, None),
        ("https://shop.example", "api.example"),
        ("https://api.example", "api.example"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://API.example", "api.EXAMPLE"),
    ],
)
def test_own_and_named_origins_may_send(origin, host):
    assert is_allowed(origin, host, SHOP)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "null"),
        ("", ""),
        ("https://evil.example", "api.example"),
        ("http://shop.example", "api.example"),
        ("https://shop.example.evil", "api.example"),
        ("https://shop.example/", "api.example"),
        ("https://api.example:8443", "api.example"),
        ("https://api.example@evil.example", "api.example"),
        ("file://api.example", "api.example"),
        ("https://[api.example", "api.example"),
        ("https://api.example", None),
    ],
)
def test_others_may_not(origin, host):
    assert not is_allowed(origin, host, SHOP)
