"""The spider's contract: saved pages of each kind, with what must be read of them, and urls."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse

from scrapers.checking import check
from scrapers.errors import RecordError
from scrapers.like_list import Row
from scrapers.likes_checking import check_likes
from scrapers.pages import CataloguePage, DirectoryPage, LikesOfPage, UserRow
from scrapers.records import FeatureRecord, ItemRecord, LikesPage, Stage, Thumbnail
from scrapers.spiders.sketchfab import SketchfabSpider
from tests.scrapers.playing import BASE, NOW, make_plan_of, make_spider

PAGES = Path(__file__).parents[1] / "pages" / "sketchfab"
VIKINGS = "7w7pAfrCfjovwykkEeRFLGw5SXS"
BARE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def spider(tmp_path, monkeypatch):
    monkeypatch.setattr(SketchfabSpider, "now", staticmethod(lambda: NOW))
    spider = make_spider(make_plan_of(tmp_path, Stage.CATALOGUE))
    yield spider
    spider.ledger.close()


def saved(page, **meta):
    """A saved page as an answer; `meta` is that of its request."""
    content = page if isinstance(page, bytes) else (PAGES / page).read_bytes()
    kind = HtmlResponse if content.lstrip().startswith(b"<") else TextResponse
    request = Request(f"{BASE}/models?page=3", meta=meta)
    return kind(request.url, body=content, request=request, encoding="utf-8")


def test_listing_gives_its_items_and_the_next_page(spider):
    page = spider.read_catalogue(saved("listing.json"))
    assert page.following == f"{BASE}/v3/models?sort_by=-likeCount&count=24&cursor=cD0y"
    assert [check(item) for item in page.items] == [
        ItemRecord(VIKINGS, 'Viking Village | "hut"', 1204, None,
                   f"{BASE}/3d-models/viking-village-{VIKINGS}", NOW),
        ItemRecord(BARE, None, 7, None, None, NOW),
        ItemRecord("below", "Nobody's", 4, None, None, NOW),
    ]  # fmt: skip


def test_grid_gives_its_items_with_counts_as_written(spider):
    page = spider.read_catalogue(saved("grid.html", playwright=True))
    assert page.following is None
    assert [check(item) for item in page.items] == [
        ItemRecord(VIKINGS, 'Viking Village | "hut"', 1200, "1.2k",
                   f"{BASE}/3d-models/viking-village-{VIKINGS}", NOW),
        ItemRecord(BARE, None, 7, "7", f"{BASE}/models?page=3", NOW),
        ItemRecord("below", "Nobody's", 4, "4", f"{BASE}/models?page=3", NOW),
    ]  # fmt: skip


def test_empty_grid_is_a_page_without_items(spider):
    page = spider.read_catalogue(saved("grid_empty.html", playwright=True))
    assert page == CataloguePage([])


@pytest.mark.parametrize("page", ["grid_failed.html", "error.html", b""])
def test_grid_that_failed_is_no_page_of_the_catalogue(spider, page):
    assert spider.read_catalogue(saved(page, playwright=True)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"item"', b'"card"'), (b"data-uid", b"data-model"), (b"infinite-grid", b"endless-grid")],
)
def test_grid_whose_items_look_otherwise_is_not_taken_for_an_empty_one(spider, old, new):
    drawn = (PAGES / "grid.html").read_bytes().replace(old, new)
    assert spider.read_catalogue(saved(drawn, playwright=True)) is None


def test_likers_are_the_other_side_of_each_like(spider):
    page = spider.read_likers(saved("likers.json"))
    assert page == LikesOfPage(
        [Row("user-1", "2026-01-02T03:04:05.000006Z"), Row("user-2", None), Row(None, None)],
        f"{BASE}/i/likes?model=m1&count=24&offset=3",
    )


def test_last_page_of_likers_has_no_next(spider):
    page = spider.read_likers(saved("likers_last.json"))
    assert page == LikesOfPage([Row("user-9", None)], None)


def test_likers_come_out_checked_and_without_their_names(spider):
    rows = spider.read_likers(saved("likers.json")).rows
    n = len(rows)
    checked = check_likes(
        LikesPage("m1", tuple(row.other for row in rows), ("m1",) * n,
                  tuple(row.liked_at for row in rows), NOW)
    )  # fmt: skip
    assert checked.user_handles == ["user-1", "user-2"]
    assert checked.liked_at == [datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None]
    assert [str(fault) for fault in checked.rejected[0].faults] == [
        "user_handle: is NoneType, expected text"
    ]
    assert "ann" not in str(checked).lower()


def test_liked_items_are_the_other_side_of_each_like(spider):
    page = spider.read_liked(saved("liked.json"))
    assert page == LikesOfPage(
        [Row("m1", "2026-01-02T03:04:05Z"), Row("unknown", None), Row("m2", None)], None
    )


def test_directory_by_search_gives_users_with_their_counts(spider):
    page = spider.read_directory(saved("directory_by_search.json"))
    assert page == DirectoryPage(
        [UserRow("user-1", 31), UserRow("user-1", 31), UserRow(7, "many"), UserRow("user/2")],
        f"{BASE}/v3/search?type=users&count=24&cursor=cD0y",
        ["user-1", "user-1", 7, "user/2"],
    )


def test_directory_by_models_gives_creators(spider):
    page = spider.read_directory(saved("directory_by_models.json"))
    assert page == DirectoryPage(
        [UserRow("user-1"), UserRow("user/2"), UserRow("user-1"), UserRow(None)],
        f"{BASE}/v3/models?sort_by=-likeCount&count=24&cursor=cD0y",
        ["m1", "m2", "m3", "m4"],
    )


def test_model_gives_its_features_and_no_user_id(spider):
    record = check(spider.read_features(saved("model.json"), "m1"))
    assert record == FeatureRecord(
        item_id="m1",
        title="Viking Village",
        creator="Ann Lee",
        license="CC Attribution",
        like_count=1204,
        view_count=90210,
        published_at=datetime(2015, 2, 3, 4, 5, 6, 7, UTC),
        url=f"{BASE}/3d-models/viking-village-m1",
        embed_url=f"{BASE}/models/m1/embed",
        tags=("viking",),
        categories=("Places & Travel",),
        thumbnails=(
            Thumbnail(f"{BASE}/media/m1/320.webp", 320, 180),
            Thumbnail(f"{BASE}/media/m1/64.webp", 64, 36),
        ),
        crawled_at=NOW,
    )
    assert "u1" not in str(record)


def test_model_of_which_nothing_is_known_has_an_id_alone(spider):
    record = check(spider.read_features(saved("model_bare.json"), "m1"))
    assert record == FeatureRecord(
        "m1", None, None, None, None, None, None, None, None, (), (), (), NOW
    )


def test_json_of_another_model_is_not_taken(spider):
    assert spider.read_features(saved("model.json"), "m2") is None


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b'"likeCount": 1204', b'"likeCount": "1.2k"', "like_count: is str"),
        (b'"likeCount": 1204', b'"likeCount": 1204.5', "like_count: is float"),
        (b'"likeCount": 1204', b'"likeCount": 1' + b"0" * 20, "like_count: is not between"),
        (b'"publishedAt": "2015', b'"publishedAt": "yesterday 2015', "published_at: is not"),
        (b'"displayName": "Ann Lee"', b'"displayName": ["Ann"]', "creator: is list"),
        (b'"images": [', b'"images": [{"url": 7}, ', "thumbnails: is int"),
        (b'"tags": [', b'"tags": "none", "x": [', "tags: is str"),
    ],
)
def test_field_whose_type_has_changed_is_named(spider, old, new, fault):
    """A twin of the test above: its page with one field that is not as it was."""
    body = (PAGES / "model.json").read_bytes()
    assert old in body
    record = spider.read_features(saved(body.replace(old, new, 1)), "m1")
    with pytest.raises(RecordError, match=fault):
        check(record)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"{}", b"", b"null", b"[]", b'{"results": "none"}', b'{"results": [7]}',
        b"[" * 100_000, b'{"results": [{"uid": "a"', b"\xff\xfe{}",
    ],
)  # fmt: skip
def test_what_is_no_json_of_the_site_is_no_page(spider, body):
    answer = saved(body)
    reads = (spider.read_catalogue, spider.read_likers, spider.read_liked, spider.read_directory)
    assert [read(answer) for read in reads] == [None] * 4
    assert spider.read_features(answer, "m1") is None


def test_json_with_a_byte_order_mark_is_read(spider):
    body = b"\xef\xbb\xbf" + (PAGES / "likers_last.json").read_bytes()
    assert spider.read_likers(saved(body)) == LikesOfPage([Row("user-9", None)], None)


def test_urls_name_pages_by_ids_that_need_escaping(spider):
    assert spider.listing_url == f"{BASE}/v3/models?sort_by=-likeCount&count=24"
    assert list(spider.directory_urls) == [
        f"{BASE}/v3/search?type=users&count=24",
        spider.listing_url,
    ]
    assert spider.grid_url(7) == f"{BASE}/models?sort_by=-likeCount&page=7"
    assert spider.likers_url("a/b&c", 20) == f"{BASE}/i/likes?model=a%2Fb%26c&count=24&offset=20"
    assert spider.liked_url("user/2 ü") == f"{BASE}/v3/users/user%2F2%20%C3%BC/likes?count=24"
    assert spider.features_url("a/b?c") == f"{BASE}/i/models/a%2Fb%3Fc"


def test_site_record_has_the_forms_of_its_urls(spider):
    record = check(spider.site_record())
    assert record.hosts == ("127.0.0.1:8000",)
    assert record.page_url_forms == (
        f"{BASE}/3d-models/{{slug}}-{{item_id}}",
        f"{BASE}/models/{{item_id}}",
    )
    assert record.embed_template == f"{BASE}/models/{{item_id}}/embed"
