"""What a request asks for is the same however its url is written."""

import pytest

from scrapers.replica.sketchfab.asked import Asked, Kind, asked_of, query_of, url_of, with_query


def _scope(path, query=""):
    return {
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1:8900")],
    }


@pytest.mark.parametrize(
    ("path", "query", "asked"),
    [
        ("/i/likes", "model=a%2Fb&count=24&offset=20", Asked(Kind.ITEM_LIKES, "a/b", 20)),
        ("/i/likes", "offset=020&model=a/b", Asked(Kind.ITEM_LIKES, "a/b", 20)),
        ("/i/likes", "model=x", Asked(Kind.ITEM_LIKES, "x", 0)),
        ("/v3/users/a/b/likes", "cursor=cD0yNA==", Asked(Kind.USER_LIKES, "a/b", 24)),
        ("/v3/users/likes/likes", "", Asked(Kind.USER_LIKES, "likes", 0)),
        ("/v3/models", "cursor=", Asked(Kind.LISTING)),
        ("/v3/search", "type=users&cursor=cD0yNA==", Asked(Kind.DIRECTORY, "", 24)),
        ("/i/models/a/b", "", Asked(Kind.MODEL, "a/b")),
        ("/v3/models/x", "", Asked(Kind.MODEL, "x")),
        ("/i/search", "page=3", Asked(Kind.GRID, "", 48)),
        ("/models", "sort_by=-likeCount&page=2", Asked(Kind.GRID_PAGE, "", 24)),
        ("/static/grid.js", "", Asked(Kind.SCRIPT)),
        ("/robots.txt", "", Asked(Kind.ROBOTS)),
    ],
)
def test_pages_of_a_crawl_are_known(path, query, asked):
    assert asked_of(_scope(path, query)) == asked


@pytest.mark.parametrize(
    ("path", "query"),
    [("/", ""), ("/models/x", ""), ("/v3/users/x", ""), ("/i/likes", "offset=x"),
     ("/v3/models", "cursor=zz"), ("/i/search", "page=0"), ("/static/site.css", "")],
)  # fmt: skip
def test_other_pages_and_bad_parameters_are_none(path, query):
    assert asked_of(_scope(path, query)) is None


def test_a_query_is_changed_where_it_is_told_and_nowhere_else():
    scope = _scope("/i/likes", "model=a%2Fb%7C&count=24&offset=20")
    changed = with_query(scope, count=7, offset=None)
    assert query_of(changed) == {"model": "a/b|", "count": "7"}
    assert query_of(scope)["offset"] == "20"
    assert url_of(changed) == "http://127.0.0.1:8900/i/likes?model=a%2Fb%7C&count=7"
    assert url_of(_scope("/models")) == "http://127.0.0.1:8900/models"
