import pytest

from serving.pages.licenses import License, license_of

BY = "https://creativecommons.org/licenses/by-nc/4.0/"


@pytest.mark.parametrize(
    ("stated", "name", "href"),
    [
        ("CC Attribution", "CC Attribution", None),
        (BY, "CC BY-NC 4.0", BY),
        (f"Attribution ({BY})", "Attribution", BY),
        (
            "Public domain (creativecommons.org/publicdomain/mark/1.0/)",
            "Public domain",
            "https://creativecommons.org/publicdomain/mark/1.0/",
        ),
        (
            "http://creativecommons.org/publicdomain/zero/1.0/",
            "CC0 1.0",
            "http://creativecommons.org/publicdomain/zero/1.0/",
        ),
        ("Public domain dedication (web.resource.org/cc/x)", "Public domain dedication", None),
        ("https://evil.example/licenses/by/4.0/", "evil.example/licenses/by/4.0", None),
        ("Free (for all)", "Free (for all)", None),
        ("javascript:alert(1)", "javascript:alert(1)", None),
        ("https://creativecommons.org@evil.example/", "creativecommons.org@evil.example", None),
    ],
)
def test_a_licence_is_words_and_a_link_only_where_one_is_safe(stated, name, href):
    assert license_of(stated) == License(name, href)


@pytest.mark.parametrize("stated", [None, "", "  "])
def test_no_licence_is_none(stated):
    assert license_of(stated) is None
